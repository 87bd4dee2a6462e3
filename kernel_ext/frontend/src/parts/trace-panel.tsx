/** One trace: where the time went, its waterfall, what is known of the chosen step, and the function that served it. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { TraceLine, TraceRow, TraceState } from "../protocol";
import { firstChoice, inMs, lineTimes, linesOf } from "../waterfall";
import { duration, shorten, visible } from "../words";
import { CellLink } from "./badges";
import { useUid } from "./context";
import { GeneratedCode } from "./generated-code";
import { Icon } from "./icon";
import { Waterfall } from "./waterfall";

const SUMS: [band: string, words: string][] = [
  ["yours", "your code"],
  ["thread", "of it in threads"],
  ["ours", "Routebook"],
  ["after", "after the response"],
];

const lineText = ({ id, method, url, status, elapsed_ms, is_traced }: TraceLine): string =>
  `${id} ${method} ${shorten(visible(url), 40)} ${status ?? "no response"}, ${is_traced ? duration(elapsed_ms) : "not traced"}`;

export const lineOptions = (lines: TraceLine[]) =>
  lines.map((line) => (
    <option key={line.id} value={line.id}>
      {lineText(line)}
    </option>
  ));

function Sums({ trace }: { trace: TraceState }) {
  return (
    <div class="rb-trace__sum">
      <p>
        <strong>{inMs(trace.sent_ms)} ms</strong> to the response{" "}
        {trace.total_ms > trace.sent_ms + 0.005 && <span class="rb-2">· {inMs(trace.total_ms)} ms in all</span>}
      </p>
      <ul class="rb-legend rb-small" aria-label="Where the time went, in milliseconds">
        {SUMS.filter(([band]) => (trace.sums[band] ?? 0) > 0).map(([band, words]) => (
          <li key={band}>
            <i class="rb-key" data-b={band} />
            {words} {inMs(trace.sums[band] ?? 0)}
          </li>
        ))}
        {trace.rows.some(({ band }) => band === "hit") && (
          <li>
            <Icon name="diamond" />
            cached
          </li>
        )}
      </ul>
    </div>
  );
}

function Step({ row }: { row: TraceRow }) {
  const id = `${useUid()}-span`;
  return (
    <section class="rb-span" aria-labelledby={id} aria-live="polite">
      <div class="rb-part">
        <h4 id={id}>{row.is_code ? <code>{visible(row.label)}</code> : visible(row.label)}</h4>
        <span class="rb-small rb-2">{row.what}</span>
        <span class="rb-push rb-small">{row.cell ? <CellLink cell={row.cell} /> : row.file && visible(row.file)}</span>
      </div>
      <dl class="rb-facts">
        {row.facts.map(({ name, text, is_code }, index) => [
          <dt key={`n${index}`}>{name}</dt>,
          <dd key={`v${index}`} class={name === "failed" ? "rb-bad" : undefined}>
            {is_code ? <code>{visible(text)}</code> : visible(text)}
          </dd>,
        ])}
      </dl>
    </section>
  );
}

/** A sentence in which `names` in backquotes are code. */
const Sentence = ({ text }: { text: string }) => (
  <>{visible(text).split("`").map((piece, index) => (index % 2 ? <code key={index}>{piece}</code> : piece))}</>
);

/**
 * A trace that was made.
 *
 * @param other - What it is compared with.
 * @param again - The button that sends the request again, where it is stale.
 */
export function TracePanel({
  trace,
  other,
  again,
}: {
  trace: TraceState;
  other: TraceState | null;
  again?: ComponentChildren;
}) {
  const uid = useUid();
  const lines = useMemo(() => linesOf(trace, other), [trace, other]);
  const times = useMemo(() => lineTimes(trace.rows), [trace]);
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const first = useMemo(() => firstChoice(lines.map(({ row }) => row)), [lines]);
  const [chosen, setChosen] = useState(first);
  useEffect(() => {
    setClosed(new Set());
    setChosen(first);
  }, [trace.id, other?.id]);
  const row = lines[chosen]?.row ?? lines[0]?.row;
  const fold = (index: number, isClosed: boolean): void => {
    const next = new Set(closed);
    if (isClosed) next.add(index);
    else next.delete(index);
    setClosed(next);
  };
  const open = (): void => document.getElementById(`${uid}-span`)?.parentElement?.querySelector<HTMLElement>(".rb-link")?.click();
  return (
    <div class="rb-trace__whole">
      {trace.stale && (
        <div class="rb-note rb-trace__stale" data-n="warn" role="status">
          <Icon name="clock" />
          <div>
            <Sentence text={trace.stale} />
          </div>
          {again}
        </div>
      )}
      <Sums trace={trace} />
      <div class={`rb-trace__body${trace.function ? "" : " is-alone"}`}>
        <div class="rb-trace__left">
          <Waterfall
            label={`Steps of request ${trace.id}, in milliseconds`}
            lines={lines}
            totalMs={Math.max(trace.total_ms, other?.total_ms ?? 0)}
            sentMs={trace.sent_ms}
            otherId={other?.id ?? null}
            closed={closed}
            onFold={fold}
            chosen={chosen}
            onChoose={setChosen}
            onOpen={open}
          />
          {row && <Step row={row} />}
        </div>
        {trace.function && (
          <section class="rb-trace__code" aria-labelledby={`${uid}-gen`}>
            <div class="rb-part">
              <h4 id={`${uid}-gen`}>The function that served it</h4>
              <span class="rb-small rb-2 rb-push">ms a line · generated, read-only</span>
            </div>
            <GeneratedCode
              label={`Generated function for ${visible(trace.operation ?? "")}, with milliseconds a line`}
              source={trace.function}
              times={times}
              line={row?.line ?? 0}
              isFailure={row?.is_failure ?? false}
            />
          </section>
        )}
      </div>
    </div>
  );
}
