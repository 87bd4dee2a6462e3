/** One operation: its head, what is to be noticed about it, and its tabs. */
import { useState } from "preact/hooks";
import { descriptionOf } from "../operation";
import type { CellRef, Mark as MarkState, OperationState } from "../protocol";
import { visible } from "../words";
import { MARK_ICONS, Mark, Method, Origin, Path, RunCell } from "./badges";
import { useStore, useUid } from "./context";
import { Difference } from "./difference";
import { Icon } from "./icon";
import { InsideBench, InsideDependencies, InsideTrace } from "./inside-panels";
import { Markdown } from "./markdown";
import { SchemaPanel } from "./schema-panel";
import { TryPanel } from "./try-panel";

const isNews = ({ kind }: MarkState): boolean => kind === "new" || kind === "changed";

const TABS = ["Try", "Schema", "Trace", "Dependencies", "Bench"] as const;
type Tab = (typeof TABS)[number];

function Tabs({ tab, operation, onTab }: { tab: Tab; operation: OperationState; onTab: (tab: Tab) => void }) {
  const uid = useUid();
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] ?? tab;
    onTab(next);
    document.getElementById(`${uid}-tab-${next}`)?.focus();
  };
  return (
    <div class="rb-tabs" role="tablist" aria-label={`Views of ${visible(operation.id)}`} onKeyDown={onKeyDown}>
      {TABS.map((name, index) => (
        <button
          key={name}
          role="tab"
          type="button"
          id={`${uid}-tab-${name}`}
          aria-controls={`${uid}-panel`}
          aria-selected={name === tab}
          tabIndex={name === tab ? 0 : -1}
          data-key={`tab${index + 1}`}
          onClick={() => onTab(name)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function Head({ operation, marks, titleId }: { operation: OperationState; marks: MarkState[]; titleId: string }) {
  const description = descriptionOf(operation);
  return (
    <header class="rb-detail__head">
      <div class="rb-detail__title rb-line">
        <h3 id={titleId}>
          <Method name={operation.method} /> <Path path={operation.path} />
        </h3>
        {operation.deprecated && (
          <span class="rb-mark" data-mark="removed">
            <Icon name="ban" />
            deprecated
          </span>
        )}
        {marks.filter(isNews).map((mark) => (
          <Mark key={mark.kind} mark={mark} />
        ))}
      </div>
      <Origin operation={operation} />
      {operation.summary && <p class="rb-lead">{visible(operation.summary)}</p>}
      {description && <Markdown source={description} />}
      {marks.some(({ kind }) => kind === "changed") && (
        <Difference
          operation={operation.id}
          version={operation}
          title={`What changed: ${visible(marks.find(({ kind }) => kind === "changed")?.text ?? "")}`}
        />
      )}
    </header>
  );
}

/** Marks that need a person: what happened, where, the way out. */
const Notes = ({ marks, cell }: { marks: MarkState[]; cell: CellRef | null }) => (
  <>
    {marks.map(({ kind, text }) => (
      <div class="rb-note" data-n={kind === "conflict" ? "error" : "warn"} role="status" key={kind}>
        <Icon name={MARK_ICONS[kind]} />
        <div>
          <strong>{kind.charAt(0).toUpperCase() + kind.slice(1)}.</strong> {visible(text)}
        </div>
        {kind === "stale" && cell && <RunCell cell={cell} />}
      </div>
    ))}
  </>
);

export function Detail({ operation }: { operation: OperationState }) {
  const store = useStore();
  const uid = useUid();
  const [tab, setTab] = useState<Tab>("Try");
  const [isJsonOpen, setJsonOpen] = useState(true);
  const from = store.console(operation);
  const marks = store.marksOf(operation);
  const titleId = `${uid}-title`;
  return (
    <article class="rb-detail" aria-labelledby={titleId}>
      <Head operation={operation} marks={marks} titleId={titleId} />
      <Notes marks={marks.filter((mark) => !isNews(mark))} cell={operation.cell} />
      <Tabs tab={tab} operation={operation} onTab={setTab} />
      <div class="rb-panel" role="tabpanel" id={`${uid}-panel`} aria-labelledby={`${uid}-tab-${tab}`}>
        {tab === "Try" && (
          <TryPanel
            key={operation.id}
            from={from}
            isJsonOpen={isJsonOpen}
            onToggleJson={() => setJsonOpen(!isJsonOpen)}
          />
        )}
        {tab === "Schema" && <SchemaPanel from={from} />}
        {tab === "Trace" && <InsideTrace key={operation.id} operation={operation} />}
        {tab === "Dependencies" && <InsideDependencies key={operation.id} operation={operation} />}
        {tab === "Bench" && <InsideBench from={from} />}
      </div>
    </article>
  );
}
