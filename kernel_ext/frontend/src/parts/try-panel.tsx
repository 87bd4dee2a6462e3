/** Try an operation: what will be sent on top, the form left, its JSON and the answer right. */
import { useMemo, useRef } from "preact/hooks";
import { writeCode } from "../code";
import { type Draft, parameterKey } from "../draft";
import { type NumberedIssue, numberIssues } from "../issues";
import { isSame, parse, tokens, valueAt } from "../json";
import { type Parameter, securityOf } from "../operation";
import { jsonText, preview } from "../request";
import { type Answer, type Console, bodyOf } from "../store";
import { shorten } from "../words";
import { AuthBar } from "./auth-bar";
import { useStore, useUid } from "./context";
import { CopyAs } from "./copy-as";
import { ErrorList } from "./errors";
import { Icon } from "./icon";
import { JsonEditor } from "./json-editor";
import { RequestForm } from "./request-form";
import { RequestLine } from "./request-line";
import { Response } from "./response";

const DEFAULT_BASE = "http://127.0.0.1:8000";

function SendBar({
  from,
  draft,
  answer,
  responseId,
}: {
  from: Console;
  draft: Draft;
  answer: Answer | undefined;
  responseId: string;
}) {
  const store = useStore();
  const { operation, parameters } = from;
  const isPending = store.pending.has(operation.id);
  const status = answer?.exchange?.status;
  return (
    <div class="rb-send">
      <RequestLine method={operation.method} target={preview(operation, parameters, draft)} />
      {status !== undefined && status !== null && (
        <button
          class="rb-send__jump rb-link rb-small"
          type="button"
          onClick={() => document.getElementById(responseId)?.scrollIntoView({ block: "start" })}
        >
          {status}, below
        </button>
      )}
      <CopyAs
        write={async (language) =>
          writeCode(language, await store.request(from), store.kernel.state?.server.url ?? DEFAULT_BASE)
        }
      />
      <button
        class="rb-btn rb-btn--primary"
        type="button"
        data-key="send"
        aria-disabled={isPending}
        disabled={store.kernel.link === "lost"}
        onClick={() => void store.send(from)}
      >
        Send{" "}
        <span class="rb-nowrap">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
      </button>
    </div>
  );
}

/** Whether the value that an issue is about is still the one that was sent. */
function isAsSent({ key, issue, pointer }: NumberedIssue, now: Draft, sent: Draft, parameters: Parameter[]): boolean {
  if (issue.source === "body") {
    return (
      (now.text === sent.text || parse(now.text ?? "null").ok) &&
      isSame(valueAt(now.body, pointer), valueAt(sent.body, pointer))
    );
  }
  const parameter = parameters.find((one) => parameterKey(one) === key);
  return !parameter || isSame(now.parameters[key], sent.parameters[key]);
}

function useIssues(
  from: Console,
  draft: Draft,
  answer: Answer | undefined,
): { all: NumberedIssue[]; open: NumberedIssue[] } {
  const all = useMemo(() => {
    const issues = answer?.exchange?.issues.filter(({ source }) => source !== "response") ?? [];
    if (!answer || !issues.length) return [];
    const body = bodyOf(from, answer.draft);
    const sent = body && { schema: body.schema, value: answer.draft.body, choices: answer.draft.choices };
    return numberIssues(issues, from.parameters, sent ?? null, from.components);
  }, [answer, from]);
  const open = useMemo(
    () => (answer ? all.filter((issue) => isAsSent(issue, draft, answer.draft, from.parameters)) : []),
    [all, draft, answer],
  );
  return { all, open };
}

/** Move to the control of an issue's field; to the answer where no field shows it. */
function goTo(root: HTMLElement | null, key: string, fallbackId: string): void {
  const field = key && root?.querySelector<HTMLElement>(`[data-field="${CSS.escape(key)}"]`);
  const control =
    field &&
    (field.querySelector<HTMLElement>("input:not([type=checkbox]):not(.rb-picker), textarea, select") ?? field);
  const target = control || document.getElementById(fallbackId);
  target?.focus();
  target?.scrollIntoView({ block: "nearest" });
}

export function TryPanel({
  from,
  isJsonOpen,
  onToggleJson,
}: {
  from: Console;
  isJsonOpen: boolean;
  onToggleJson: () => void;
}) {
  const store = useStore();
  const root = useRef<HTMLDivElement>(null);
  const { operation } = from;
  const uid = `${useUid()}-try`;
  const draft = store.draft(from);
  const answer = store.answers.get(operation.id);
  const body = bodyOf(from, draft);
  const { all, open } = useIssues(from, draft, answer);
  const idOf = (key: string): string => `${uid}-f-${encodeURIComponent(key)}`; // a space would end an id
  const issueId = (number: number): string => `${uid}-issue-${number}`;
  const responseId = `${uid}-response`;
  const text = jsonText(draft) ?? "";
  const isTextAsSent = answer !== undefined && text === (jsonText(answer.draft) ?? "");
  const hasJson = body?.kind === "json";

  const writeJson = (typed: string): void => {
    if (!typed.trim()) return store.edit(operation.id, { body: undefined, text: null });
    const parsed = parse(typed);
    store.edit(operation.id, parsed.ok ? { body: parsed.value, text: typed, choices: {} } : { text: typed });
  };

  const toggle = hasJson && (
    <button class="rb-btn rb-btn--small" type="button" aria-pressed={isJsonOpen} data-key="json" onClick={onToggleJson}>
      <Icon name="columns" />
      As JSON
    </button>
  );
  const marks = isTextAsSent
    ? all
        .filter(({ issue }) => issue.source === "body")
        .map(({ number, issue, pointer }) => {
          const missing = issue.is_missing ? `${tokens(pointer).at(-1) ?? "it"} ` : ""; // the mark stands where it is missing
          return { number, pointer, words: shorten(missing + issue.rule, 60) };
        })
    : [];
  return (
    <div ref={root}>
      <SendBar from={from} draft={draft} answer={answer} responseId={responseId} />
      <AuthBar schemes={from.schemes} requirements={securityOf(operation)} />
      {all.length > 0 && (
        <ErrorList
          issues={all}
          open={open}
          idOf={issueId}
          endpoint={operation.endpoint ?? ""}
          onGo={({ key }) => goTo(root.current, key, responseId)}
        />
      )}
      <div class="rb-try">
        <RequestForm
          from={from}
          draft={draft}
          body={body}
          issues={open}
          idOf={idOf}
          onShowIssue={(number) => document.getElementById(issueId(number))?.focus()}
          toggle={toggle}
        />
        <div class="rb-try__side">
          {hasJson && isJsonOpen && (
            <section class="rb-json" aria-labelledby={`${uid}-json-h`}>
              <div class="rb-part">
                <h4 id={`${uid}-json-h`}>Body as JSON</h4>
                <span class="rb-small rb-2">{isTextAsSent ? "as it was sent" : "in step with the form"}</span>
              </div>
              <JsonEditor
                id={`${uid}-json`}
                text={text}
                label="Body as JSON"
                describedBy={`${uid}-json-state`}
                marks={marks}
                onText={writeJson}
              />
            </section>
          )}
          <Response
            id={responseId}
            answer={answer}
            pending={store.pending.get(operation.id)}
            cell={operation.cell}
            onCancel={() => store.cancel(operation.id)}
          />
        </div>
      </div>
    </div>
  );
}
