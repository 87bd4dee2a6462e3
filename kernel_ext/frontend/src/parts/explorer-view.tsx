/** The explorer: bar, list, one operation, keys; and what it says when there is nothing to show. */
import { useState } from "preact/hooks";
import { onKeyDown } from "../keyboard";
import type { AppState, ServerState } from "../protocol";
import { visible } from "../words";
import { useStore, useUid } from "./context";
import { Detail } from "./detail";
import { InsideSockets } from "./inside-panels";
import { Icon } from "./icon";
import { Card } from "./card";
import { LinkState, Lost, Waiting } from "./link";
import { socketId } from "../store";
import { Chooser, Operations } from "./operations";

/** The server's address is a link only where it is one that the kernel could have made. */
function Served({ server: { status, url, message } }: { server: ServerState }) {
  if (status === "running" && url) {
    return (
      <span class="rb-small rb-2">
        served at{" "}
        {/^(https?:\/\/|\/)/.test(url) ? (
          <a href={url} target="_blank" rel="noopener noreferrer">
            {url}
          </a>
        ) : (
          visible(url)
        )}
        {message && ` (${visible(message)})`}
      </span>
    );
  }
  if (status === "failed")
    return (
      <span class="rb-small rb-bad">
        <Icon name="error" /> the server has failed{message ? `: ${visible(message)}` : ""}
      </span>
    );
  return status === "starting" ? <span class="rb-small rb-2">the server starts</span> : null;
}

function Bar({ app }: { app: AppState }) {
  const { link } = useStore().kernel;
  return (
    <header class="rb-bar">
      <h2>
        {visible(app.title)} <span class="rb-2 rb-small">{visible(app.version)}</span>
      </h2>
      <LinkState link={link} />
      <Served server={app.server} />
    </header>
  );
}

const Empty = ({ name }: { name: string }) => (
  <div class="rb-empty">
    <p>
      <strong>No operations yet.</strong>
    </p>
    <p class="rb-2">Run a cell such as this one; it shows here at once.</p>
    <pre
      class="rb-code rb-code--plain"
      tabIndex={0}
    >{`@${name}.get("/books")\ndef list_books() -> list[str]:\n    return ["Frankenstein"]`}</pre>
  </div>
);

const Keys = () => (
  <footer class="rb-foot" aria-label="Keys">
    <span>
      <kbd>/</kbd> search
    </span>
    <span>
      <kbd>↑</kbd> <kbd>↓</kbd> operations
    </span>
    <span>
      <kbd>Ctrl</kbd> <kbd>Enter</kbd> send
    </span>
    <span>
      <kbd>F8</kbd> next error
    </span>
    <span>
      <kbd>Alt</kbd> <kbd>J</kbd> as JSON
    </span>
    <span>
      <kbd>Alt</kbd> <kbd>1</kbd> … <kbd>5</kbd> tabs
    </span>
    <span>
      <kbd>Esc</kbd> back to the notebook
    </span>
  </footer>
);

function Loaded({ app }: { app: AppState }) {
  const store = useStore();
  const uid = useUid();
  const [isOpen, setOpen] = useState(false);
  const { operations, sockets } = app;
  const chosen = operations.find(({ id }) => id === store.selected);
  const named = sockets.find((path) => socketId(path) === store.selected);
  const selected = chosen ?? (named === undefined ? operations[0] : undefined);
  const socket = selected ? undefined : (named ?? sockets[0]);
  const select = (id: string): void => {
    store.select(id);
    setOpen(false);
  };
  if (!operations.length && !sockets.length)
    return (
      <>
        <Bar app={app} />
        {store.kernel.link === "lost" && <Lost kernel={store.kernel} />}
        <Empty name={app.name} />
      </>
    );
  return (
    <div class={`rb-x${isOpen ? " is-open" : ""}`}>
      <Bar app={app} />
      {store.kernel.link === "lost" && <Lost kernel={store.kernel} />}
      <Chooser
        operation={selected}
        socket={socket}
        count={operations.length}
        marked={operations.filter((operation) => store.marksOf(operation).length).length}
        isOpen={isOpen}
        onToggle={() => setOpen(!isOpen)}
      />
      <Operations
        id={`${uid}-ops`}
        operations={operations}
        sockets={sockets}
        selected={socket === undefined ? (selected?.id ?? null) : socketId(socket)}
        onSelect={select}
      />
      {selected && <Detail operation={selected} />}
      {socket !== undefined && <InsideSockets path={socket} />}
      <Keys />
    </div>
  );
}

export function ExplorerView() {
  const store = useStore();
  const { state: app } = store.kernel;
  const label = `Routebook explorer${app ? `: ${visible(app.title)}` : ""}`;
  return (
    <Card label={label} onKeyDown={onKeyDown}>
      {app ? (
        <Loaded app={app} />
      ) : (
        <Waiting kernel={store.kernel} what="the application" />
      )}
    </Card>
  );
}
