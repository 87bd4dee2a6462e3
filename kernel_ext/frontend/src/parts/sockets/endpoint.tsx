/** A WebSocket endpoint: what it is, the handshake's form, and why the last one was refused. */
import { useMemo, useRef } from "preact/hooks";
import { parameterKey } from "../../draft";
import type { Console } from "../../form-store";
import { numberIssues } from "../../issues";
import { isSame } from "../../json";
import { descriptionOf, securityOf } from "../../operation";
import type { OperationState } from "../../protocol";
import { preview } from "../../request";
import { visible } from "../../words";
import { AuthBar } from "../auth-bar";
import { MARK_ICONS, Method, Origin, Path } from "../badges";
import { useUid } from "../context";
import { ErrorList } from "../errors";
import { Icon } from "../icon";
import { Markdown } from "../markdown";
import { RequestForm } from "../request-form";
import { RequestLine } from "../request-line";
import { useSockets } from "./context";
import { Refusal } from "./refusal";

function Head({ operation, titleId }: { operation: OperationState; titleId: string }) {
  const description = descriptionOf(operation);
  return (
    <header class="rb-detail__head">
      <div class="rb-detail__title rb-line">
        <h3 id={titleId}>
          <Method name="WS" /> <Path path={operation.path} />
        </h3>
      </div>
      <Origin operation={operation} />
      {operation.summary && <p class="rb-lead">{visible(operation.summary)}</p>}
      {description && <Markdown source={description} />}
    </header>
  );
}

const Notes = ({ operation }: { operation: OperationState }) => (
  <>
    {operation.marks
      .filter(({ kind }) => kind !== "new" && kind !== "changed")
      .map(({ kind, text }) => (
        <div class="rb-note" data-n={kind === "conflict" ? "error" : "warn"} role="status" key={kind}>
          <Icon name={MARK_ICONS[kind]} />
          <div>
            <strong>{kind.charAt(0).toUpperCase() + kind.slice(1)}.</strong> {visible(text)}
          </div>
        </div>
      ))}
  </>
);

function ConnectBar({ from }: { from: Console }) {
  const store = useSockets();
  const { operation, parameters } = from;
  return (
    <div class="rb-send">
      <RequestLine method="WS" target={preview(operation, parameters, store.draft(from))} />
      <button
        class="rb-btn rb-btn--primary"
        type="button"
        data-key="send"
        disabled={store.kernel.link === "lost"}
        onClick={() => void store.connect(from)}
      >
        Connect{" "}
        <span class="rb-nowrap">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
      </button>
    </div>
  );
}

function Subprotocols({ id }: { id: string }) {
  const store = useSockets();
  const inputId = `${useUid()}-subprotocols`;
  return (
    <div class="rb-form">
      <div class="rb-field">
        <div class="rb-field__name">
          <span class="rb-field__slot" />
          <label for={inputId}>subprotocols</label>
        </div>
        <input
          class="rb-input"
          id={inputId}
          placeholder="none offered"
          spellcheck={false}
          autocomplete="off"
          aria-describedby={`${inputId}-rule`}
          value={store.subprotocols.get(id) ?? ""}
          onInput={({ currentTarget }) => store.setSubprotocols(id, currentTarget.value)}
        />
        <p class="rb-field__rule" id={`${inputId}-rule`}>
          names, with commas between them
        </p>
      </div>
    </div>
  );
}

/** Move to the control of a parameter's field. */
function focusField(root: HTMLElement | null, key: string): void {
  const field = root?.querySelector<HTMLElement>(`[data-field="${CSS.escape(key)}"]`);
  const control = field?.querySelector<HTMLElement>("input:not([type=checkbox]):not(.rb-picker), textarea, select");
  (control ?? field)?.focus();
}

export function EndpointPanel({ operation }: { operation: OperationState }) {
  const store = useSockets();
  const uid = `${useUid()}-ws`;
  const root = useRef<HTMLElement>(null);
  const from = store.console(operation);
  const draft = store.draft(from);
  const attempt = store.attempts.get(operation.id);
  const tried = attempt && store.connection(attempt.id);
  const refused = tried?.status === "refused" ? tried : undefined;
  const issues = useMemo(
    () => (refused ? numberIssues(refused.issues, from.parameters, null, from.components) : []),
    [refused, from],
  );
  const open = issues.filter(({ key }) => {
    const parameter = from.parameters.find((one) => parameterKey(one) === key);
    return !parameter || !attempt || isSame(draft.parameters[key], attempt.draft.parameters[key]);
  });
  const idOf = (key: string): string => `${uid}-f-${encodeURIComponent(key)}`;
  const issueId = (number: number): string => `${uid}-issue-${number}`;
  const problem = store.problems.get(operation.id);
  return (
    <article class="rb-detail" aria-labelledby={`${uid}-title`} ref={root}>
      <Head operation={operation} titleId={`${uid}-title`} />
      <Notes operation={operation} />
      <div class="rb-ws__panel">
        <ConnectBar from={from} />
        {problem && (
          <div class="rb-note" data-n="error" role="alert">
            <Icon name="error" />
            <div>{visible(problem)}</div>
          </div>
        )}
        <AuthBar schemes={from.schemes} requirements={securityOf(operation)} />
        {refused && !issues.length && <Refusal connection={refused} endpoint={operation.endpoint ?? ""} />}
        {issues.length > 0 && (
          <>
            <ErrorList
              issues={issues}
              open={open}
              idOf={issueId}
              endpoint={operation.endpoint ?? ""}
              onGo={({ key }) => focusField(root.current, key)}
            />
            <p class="rb-small rb-2">A client on a network sees 403 and no reason: the handshake was not accepted.</p>
          </>
        )}
        <RequestForm
          from={from}
          draft={draft}
          body={undefined}
          issues={open}
          idOf={idOf}
          onShowIssue={(number) => document.getElementById(issueId(number))?.focus()}
          toggle={null}
        />
        <Subprotocols id={operation.id} />
      </div>
    </article>
  );
}
