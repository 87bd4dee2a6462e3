/** One exchange, whole: what was sent, what was answered, what went wrong, what was printed. */
import { writeCode } from "../code";
import { type Value, print } from "../json";
import { CellLink, Method, Status } from "../parts/badges";
import { CopyAs } from "../parts/copy-as";
import { FailureView, RaisedView } from "../parts/failure";
import { Icon } from "../parts/icon";
import { Body, Headers } from "../parts/response";
import type { ExchangeDetail, Payload, SocketTranscript, ValidationIssue } from "../protocol";
import { duration, plural, shorten, size, visible } from "../words";
import { clock, shownMethod } from "./list";
import { PanelHead } from "./panel";
import { baseOf, forCode } from "./resend";
import { senderOf } from "./rows";
import type { LogStore } from "./store";

const MAX_LINES = 200;

function CopyRequest({ detail }: { detail: ExchangeDetail }) {
  const request = forCode(detail);
  return request && <CopyAs write={(language) => writeCode(language, request, baseOf(detail))} />;
}

const Issues = ({ issues }: { issues: ValidationIssue[] }) => (
  <ul class="rb-log__issues" aria-label="What was refused">
    {issues.map(({ source, field, rule, sent, is_missing, passes }, index) => (
      <li key={index}>
        <Icon name="warn" />
        <span>
          <code>{visible(field)}</code> <span class="rb-2">({visible(source)})</span> {visible(rule)}
          {!is_missing && (
            <>
              ; sent <code>{visible(shorten(print(sent as Value, 0), 120))}</code>
            </>
          )}
          {passes && (
            <>
              ; passes <code>{visible(passes)}</code>
            </>
          )}
        </span>
      </li>
    ))}
  </ul>
);

const Whole = ({ payload, none }: { payload: Payload | null; none: string }) =>
  payload && payload.size_bytes > 0 ? <Body payload={payload} /> : <p class="rb-small rb-2">{none}</p>;

const Transcript = ({ transcript: { lines, end } }: { transcript: SocketTranscript }) => (
  <>
    <p class="rb-small rb-2">{visible(end)}</p>
    {lines.length > MAX_LINES && <p class="rb-small rb-2">The last {MAX_LINES} of those that are kept:</p>}
    <ol class="rb-log__messages" tabIndex={0} aria-label="Messages">
      {lines.slice(-MAX_LINES).map(({ sender, text, at_ms }, index) => (
        <li key={index}>
          <span class="rb-2">{duration(at_ms)}</span>
          <span class="rb-2">{sender === "client" ? "→ sent" : "← came"}</span>
          <code>{visible(shorten(text, 2000))}</code>
        </li>
      ))}
    </ol>
  </>
);

function Head({ detail, store, from }: { detail: ExchangeDetail; store: LogStore; from: number | undefined }) {
  const { id } = detail.summary;
  const canSend = detail.request !== null && store.kernel.link !== "lost";
  return (
    <PanelHead
      id={`log-detail-${id}`}
      title={from === undefined ? `Exchange ${id}` : `Exchange ${id}, a replay of ${from}`}
      isFocused={store.takesFocus}
      onClose={() => store.show(null)}
    >
      {from !== undefined && (
        <button
          class="rb-btn rb-btn--quiet rb-btn--small"
          type="button"
          onClick={() => {
            store.chosen = [from];
            store.choose(id);
          }}
        >
          Compare with {from}
        </button>
      )}
      <button
        class="rb-btn rb-btn--small"
        type="button"
        disabled={!canSend}
        title={detail.refusal || undefined}
        aria-disabled={store.isSending}
        onClick={() => void store.replay(id)}
      >
        <Icon name="replay" />
        Replay
      </button>
      <button
        class="rb-btn rb-btn--small"
        type="button"
        disabled={!canSend}
        title={detail.refusal || undefined}
        onClick={() => store.show({ kind: "replay", id })}
      >
        Edit and replay
      </button>
      <button
        class="rb-btn rb-btn--small"
        type="button"
        disabled={!canSend}
        title={detail.refusal || undefined}
        onClick={() => store.show({ kind: "save-test", id })}
      >
        <Icon name="flask" />
        Save as test
      </button>
      <CopyRequest detail={detail} />
    </PanelHead>
  );
}

function Line({ detail: { summary, exchange, steps } }: { detail: ExchangeDetail }) {
  return (
    <p class="rb-log__line">
      <Method name={shownMethod(exchange.method)} />
      <code class="rb-path">{visible(shorten(exchange.url, 4000))}</code>
      <span class="rb-small rb-2">
        {clock(summary.started_at)} ·{" "}
        {summary.cell ? (
          <CellLink cell={{ cell_id: null, label: summary.cell, line: null }} />
        ) : (
          visible(senderOf(summary))
        )}{" "}
        · {summary.operation ? visible(summary.operation) : "no operation answers this path"}
        {steps > 0 && (
          <>
            {" "}
            · <code>%api trace {summary.id}</code> shows its {plural(steps, "step")}
          </>
        )}
      </span>
    </p>
  );
}

export function Detail({ store, id, from }: { store: LogStore; id: number; from: number | undefined }) {
  const loaded = store.detail(id);
  if (!loaded || "error" in loaded) {
    return (
      <section class="rb-log__detail" aria-label={`Exchange ${id}`}>
        <PanelHead
          id={`log-detail-${id}`}
          title={`Exchange ${id}`}
          isFocused={false}
          onClose={() => store.show(null)}
        />
        <p role="status">{loaded ? visible(loaded.error) : "Reading it…"}</p>
      </section>
    );
  }
  const { detail } = loaded;
  const { exchange, output, transcript } = detail;
  const held = detail.hidden.flatMap((hidden) => (hidden.held ? [visible(hidden.held)] : []));
  return (
    <section class="rb-log__detail" aria-labelledby={`log-detail-${id}`}>
      <Head detail={detail} store={store} from={from} />
      <Line detail={detail} />
      <div class="rb-two" key={id}>
        <div>
          <h4>Request</h4>
          <Headers headers={exchange.request_headers} />
          <Whole payload={exchange.request_body} none="No body." />
          {detail.hidden.length > 0 && (
            <p class="rb-small rb-2">
              <Icon name="lock" /> Not in the log: {detail.hidden.map(({ name }) => visible(name)).join(", ")}.
              {held.length > 0 && ` A replay is sent as you are signed in: ${held.join("; ")}.`}
            </p>
          )}
        </div>
        <div>
          <div class="rb-line">
            <h4>Response</h4>
            <Status status={exchange.status} reason={exchange.reason} />
            <span class="rb-small rb-2">
              {duration(exchange.elapsed_ms)}
              {exchange.response_body && ` · ${size(exchange.response_body.size_bytes)}`}
            </span>
          </div>
          {detail.summary.is_cancelled && <p class="rb-small">Cancelled: its sender did not wait for the end.</p>}
          {exchange.failure && <FailureView failure={exchange.failure} issues={exchange.issues} />}
          {exchange.raised && !exchange.failure && <RaisedView raised={exchange.raised} />}
          {exchange.issues.length > 0 && !exchange.failure && <Issues issues={exchange.issues} />}
          {exchange.response_headers.length > 0 && <Headers headers={exchange.response_headers} />}
          {transcript ? (
            <Transcript transcript={transcript} />
          ) : (
            <Whole payload={exchange.response_body} none={exchange.status === null ? "No response was begun." : "No body."} />
          )}
          {output && (
            <>
              <h4 class="rb-part--next">Printed</h4>
              <pre class="rb-code rb-code--plain" tabIndex={0} role="group" aria-label="Printed">
                {visible(shorten(output, 20_000))}
              </pre>
            </>
          )}
        </div>
      </div>
    </section>
  );
}
