/** One connection: how it stands, what passed, what to send, how to leave it. */
import { useEffect, useState } from "preact/hooks";
import type { ConnectionState, OperationState } from "../../protocol";
import { closeProblem, codeWords, endWords, isLive } from "../../socket-live";
import { duration, plural, shorten, size, visible } from "../../words";
import { Method } from "../badges";
import { useUid } from "../context";
import { FailureView } from "../failure";
import { Icon, type IconName } from "../icon";
import { Composer } from "./composer";
import { useSockets } from "./context";
import { Refusal } from "./refusal";
import { Transcript } from "./transcript";

export const STATUS_ICONS: { [status in ConnectionState["status"]]: IconName } = {
  connecting: "clock",
  open: "dot",
  refused: "ban",
  closed: "plug",
};

export const Standing = ({ connection }: { connection: ConnectionState }) => (
  <span class="rb-ws__standing rb-nowrap" data-ws={connection.status}>
    <Icon name={STATUS_ICONS[connection.status]} />
    {connection.status}
  </span>
);

/** How long a connection has been open, every second anew. */
function Age({ connection }: { connection: ConnectionState }) {
  const [now, setNow] = useState(Date.now());
  const live = isLive(connection);
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [live]);
  const ms = connection.elapsed_ms ?? Math.max(0, now - connection.started_at * 1000);
  return <>{ms < 1000 && live ? "just now" : duration(ms)}</>;
}

function Facts({ connection }: { connection: ConnectionState }) {
  const { subprotocols, subprotocol } = connection;
  const sent = size(connection.sent_bytes);
  const received = size(connection.received_bytes);
  return (
    <p class="rb-small rb-2 rb-line">
      <span>
        <Age connection={connection} />
      </span>
      <span>{plural(connection.message_count, "message")}</span>
      <span>
        {sent} sent, {received} received
      </span>
      {subprotocols.length > 0 && (
        <span>
          {subprotocol === null ? (
            `no subprotocol chosen of ${visible(subprotocols.join(", "))}`
          ) : (
            <>
              subprotocol <code>{visible(subprotocol)}</code>
            </>
          )}
        </span>
      )}
    </p>
  );
}

const CODES = [1000, 1001, 1003, 1007, 1008, 1009, 1011, 4000];

function Leave({ connection, onDone }: { connection: ConnectionState; onDone: () => void }) {
  const store = useSockets();
  const uid = `${useUid()}-leave`;
  const [code, setCode] = useState("1000");
  const [reason, setReason] = useState("");
  const problem = closeProblem(code, reason);
  return (
    <form
      class="rb-ws__leave"
      aria-label="Close the connection"
      onSubmit={(event) => {
        event.preventDefault();
        if (problem) return;
        void store.close(connection.id, Number(code), reason);
        onDone();
      }}
    >
      <label class="rb-line" for={`${uid}-code`}>
        code
        <input
          class="rb-input rb-ws__code"
          id={`${uid}-code`}
          inputMode="numeric"
          list={`${uid}-codes`}
          value={code}
          aria-invalid={problem !== null || undefined}
          aria-describedby={`${uid}-words`}
          onInput={({ currentTarget }) => setCode(currentTarget.value.trim())}
        />
      </label>
      <datalist id={`${uid}-codes`}>
        {CODES.map((known) => (
          <option key={known} value={String(known)} label={codeWords(known)} />
        ))}
      </datalist>
      <label class="rb-line rb-ws__reason" for={`${uid}-reason`}>
        reason
        <input
          class="rb-input"
          id={`${uid}-reason`}
          placeholder="none"
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
      <button class="rb-btn rb-btn--small" type="submit" aria-disabled={problem !== null}>
        Close
      </button>
      <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" data-key="cancel" onClick={onDone}>
        Stay
      </button>
      <span class={`rb-small ${problem ? "rb-bad" : "rb-2"}`} id={`${uid}-words`} role="status">
        {problem ?? codeWords(Number(code))}
      </span>
    </form>
  );
}

function Ended({ connection }: { connection: ConnectionState }) {
  const failure = connection.exchange?.failure;
  const { end } = connection;
  if (!end) return null;
  const isBroken = end.code === 1006;
  return (
    <>
      <div class="rb-note" data-n={isBroken ? "error" : "plain"} role="status">
        <Icon name={isBroken ? "error" : "plug"} />
        <div>
          <strong>
            {isBroken && end.by === "application"
              ? failure
                ? "The handler failed, and the connection broke off."
                : "The handler ended without closing the connection."
              : `${visible(endWords(connection)).replace(/^c/, "C")}.`}
          </strong>{" "}
          {isBroken ? "A client on a network reports 1006: " : `Code ${end.code}: `}
          {end.words}.
        </div>
      </div>
      {failure && <FailureView failure={failure} issues={[]} />}
    </>
  );
}

export function ConnectionPanel({
  connection,
  operation,
}: {
  connection: ConnectionState;
  operation: OperationState | undefined;
}) {
  const store = useSockets();
  const uid = `${useUid()}-c${connection.id}`;
  const [isLeaving, setLeaving] = useState(false);
  const live = isLive(connection);
  return (
    <article class="rb-detail" aria-labelledby={`${uid}-title`}>
      <header class="rb-ws__head">
        <h3 id={`${uid}-title`} class="rb-line">
          <Method name="WS" /> <span class="rb-path">{visible(shorten(connection.url, 400))}</span>
        </h3>
        <Standing connection={connection} />
        <span class="rb-push rb-line">
          {operation && (
            <button
              class="rb-btn rb-btn--quiet rb-btn--small"
              type="button"
              onClick={() => store.show({ kind: "endpoint", id: operation.id })}
            >
              Handshake
            </button>
          )}
          {live && !isLeaving && (
            <button class="rb-btn rb-btn--small" type="button" onClick={() => setLeaving(true)}>
              Close…
            </button>
          )}
          {!live && operation && (
            <button
              class="rb-btn rb-btn--small"
              type="button"
              disabled={store.kernel.link === "lost"}
              onClick={() => void store.connect(store.console(operation))}
            >
              Connect again
            </button>
          )}
        </span>
      </header>
      <Facts connection={connection} />
      <div class="rb-ws__panel">
        {live && isLeaving && <Leave connection={connection} onDone={() => setLeaving(false)} />}
        {connection.note && (
          <div class="rb-note" data-n="warn" role="status">
            <Icon name="clock" />
            <div>{connection.note}</div>
            {operation && (
              <button
                class="rb-btn rb-btn--small"
                type="button"
                onClick={() => void store.connect(store.console(operation))}
              >
                Connect anew
              </button>
            )}
          </div>
        )}
        {connection.status === "connecting" && (
          <p role="status">The application has not accepted the connection yet.</p>
        )}
        {connection.status === "refused" ? (
          <Refusal connection={connection} endpoint={operation?.endpoint ?? ""} />
        ) : (
          <Transcript connection={connection} key={connection.id} />
        )}
        {connection.status === "closed" && <Ended connection={connection} />}
        {connection.status === "open" && <Composer connection={connection} />}
      </div>
    </article>
  );
}
