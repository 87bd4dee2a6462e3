/** The sockets: bar, endpoints and connections | the one that is open, keys; and what it says when there are none. */
import { useState } from "preact/hooks";
import { onKeyDown } from "../../keyboard";
import type { ConnectionState, OperationState, SocketsState } from "../../protocol";
import type { Shown } from "../../socket-store";
import { endWords, isLive } from "../../socket-live";
import { plural, shorten, visible } from "../../words";
import { Mark, Method, Path } from "../badges";
import { useUid } from "../context";
import { Icon } from "../icon";
import { Card } from "../card";
import { LinkState, Lost, Waiting } from "../link";
import { ConnectionPanel, STATUS_ICONS } from "./connection";
import { useSockets } from "./context";
import { EndpointPanel } from "./endpoint";

/** Arrow keys move through both lists. */
function move(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const items = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".rb-op")];
  const at = items.indexOf(event.target as HTMLElement);
  if (!step || at === -1) return;
  event.preventDefault();
  items[(at + step + items.length) % items.length]?.focus();
}

interface ItemProps {
  isCurrent: boolean;
  onShow: () => void;
}

const Endpoint = ({ operation, isCurrent, onShow }: ItemProps & { operation: OperationState }) => (
  <li>
    <button
      class="rb-op"
      type="button"
      aria-current={isCurrent ? "true" : undefined}
      title={visible(operation.path)}
      onClick={onShow}
    >
      <Method name="WS" />
      <Path path={operation.path} />
      {operation.marks.map((mark) => (
        <Mark key={mark.kind} mark={mark} />
      ))}
    </button>
  </li>
);

const Line = ({ connection, isCurrent, onShow }: ItemProps & { connection: ConnectionState }) => (
  <li>
    <button
      class="rb-op"
      type="button"
      aria-current={isCurrent ? "true" : undefined}
      title={visible(`${connection.url}: ${endWords(connection)}`)}
      onClick={onShow}
    >
      <span class="rb-ws__standing" data-ws={connection.status}>
        <Icon name={STATUS_ICONS[connection.status]} />
        <span class="rb-sr">{connection.status}</span>
      </span>
      <span class="rb-path">{visible(shorten(connection.url, 200))}</span>
      <span class="rb-count">{connection.message_count}</span>
    </button>
  </li>
);

function Nav({ state, shown, onShow }: { state: SocketsState; shown: Shown; onShow: (shown: Shown) => void }) {
  const store = useSockets();
  const ended = state.connections.filter((connection) => !isLive(connection)).length;
  return (
    <nav class="rb-ops rb-ws__nav" id={`${useUid()}-nav`} aria-label="Endpoints and connections" onKeyDown={move}>
      <h3>Endpoints</h3>
      <ul>
        {state.operations.map((operation) => (
          <Endpoint
            key={operation.id}
            operation={operation}
            isCurrent={shown.kind === "endpoint" && shown.id === operation.id}
            onShow={() => onShow({ kind: "endpoint", id: operation.id })}
          />
        ))}
      </ul>
      <div class="rb-line">
        <h3>Connections</h3>
        {ended > 0 && (
          <button
            class="rb-btn rb-btn--quiet rb-btn--small rb-push"
            type="button"
            title="Let go of the connections that have ended"
            onClick={() => void store.forgetEnded()}
          >
            Clear ended
          </button>
        )}
      </div>
      {state.connections.length ? (
        <ul>
          {state.connections.map((connection) => (
            <Line
              key={connection.id}
              connection={connection}
              isCurrent={shown.kind === "connection" && shown.id === connection.id}
              onShow={() => onShow({ kind: "connection", id: connection.id })}
            />
          ))}
        </ul>
      ) : (
        <p class="rb-small rb-2">None yet: choose an endpoint and connect.</p>
      )}
    </nav>
  );
}

const Empty = ({ name }: { name: string }) => (
  <div class="rb-empty">
    <p>
      <strong>No WebSockets yet.</strong>
    </p>
    <p class="rb-2">Run a cell such as this one; it shows here at once.</p>
    <pre class="rb-code rb-code--plain" tabIndex={0}>
      {`from routebook import WebSocket\n\n@${name}.websocket("/echo")\nasync def echo(websocket: WebSocket):\n    await websocket.accept()\n    async for text in websocket.iter_text():\n        await websocket.send_text(text)`}
    </pre>
  </div>
);

const Keys = () => (
  <footer class="rb-foot" aria-label="Keys">
    <span>
      <kbd>Ctrl</kbd> <kbd>Enter</kbd> connect, send
    </span>
    <span>
      <kbd>↑</kbd> <kbd>↓</kbd> in a list
    </span>
    <span>
      <kbd>F8</kbd> next refused value
    </span>
    <span>
      <kbd>Esc</kbd> back to the notebook
    </span>
  </footer>
);

/** What was chosen, where it is still there; else the first endpoint, or the connection that is left. */
function standing(state: SocketsState, shown: Shown | null): Shown | null {
  const isThere =
    shown?.kind === "endpoint"
      ? state.operations.some(({ id }) => id === shown.id)
      : state.connections.some(({ id }) => id === shown?.id);
  if (shown && isThere) return shown;
  const [operation] = state.operations;
  if (operation) return { kind: "endpoint", id: operation.id };
  const connection = state.connections.at(-1);
  return connection ? { kind: "connection", id: connection.id } : null;
}

function Panel({ state, shown }: { state: SocketsState; shown: Shown }) {
  if (shown.kind === "endpoint") {
    const operation = state.operations.find(({ id }) => id === shown.id);
    return operation ? <EndpointPanel operation={operation} key={operation.id} /> : null;
  }
  const connection = state.connections.find(({ id }) => id === shown.id);
  if (!connection) return null;
  const operation = state.operations.find(({ id }) => id === connection.operation);
  return <ConnectionPanel connection={connection} operation={operation} key={connection.id} />;
}

/** What stands for the lists in a narrow view. */
function Chooser({
  state,
  shown,
  isOpen,
  onToggle,
}: {
  state: SocketsState;
  shown: Shown;
  isOpen: boolean;
  onToggle: () => void;
}) {
  const connection = shown.kind === "connection" && state.connections.find(({ id }) => id === shown.id);
  const path = connection ? connection.url : String(shown.id).replace(/^\S+ /, "");
  return (
    <div class="rb-chooser">
      <button class="rb-btn" type="button" aria-expanded={isOpen} aria-controls={`${useUid()}-nav`} onClick={onToggle}>
        <Method name="WS" />
        {connection ? <span class="rb-path">{visible(shorten(path, 100))}</span> : <Path path={path} />}
        <span class="rb-push rb-2 rb-small">
          {state.connections.length ? plural(state.connections.length, "connection") : "endpoints"}
        </span>
        <Icon name="down" />
      </button>
    </div>
  );
}

function Loaded({ state }: { state: SocketsState }) {
  const store = useSockets();
  const [isOpen, setOpen] = useState(false);
  const live = state.connections.filter(isLive).length;
  const shown = standing(state, store.shown);
  const show = (next: Shown): void => {
    store.show(next);
    setOpen(false);
  };
  return (
    <div class={`rb-x${isOpen ? " is-open" : ""}`}>
      <header class="rb-bar">
        <h2>
          {visible(state.title)} <span class="rb-2 rb-small">sockets</span>
        </h2>
        <LinkState link={store.kernel.link} />
        <span class="rb-small rb-2">{live ? `${plural(live, "connection")} open` : ""}</span>
      </header>
      {store.kernel.link === "lost" && <Lost kernel={store.kernel} />}
      {shown ? (
        <>
          <Chooser state={state} shown={shown} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} />
          <Nav state={state} shown={shown} onShow={show} />
          <Panel state={state} shown={shown} />
        </>
      ) : (
        <Empty name={state.name} />
      )}
      <Keys />
    </div>
  );
}

export function SocketsView() {
  const { kernel } = useSockets();
  const { state } = kernel;
  const label = `Routebook sockets${state ? `: ${visible(state.title)}` : ""}`;
  return (
    <Card label={label} onKeyDown={onKeyDown}>
      {state ? (
        <Loaded state={state} />
      ) : (
        <Waiting kernel={kernel} what="the WebSockets" />
      )}
    </Card>
  );
}
