/** The log: tools, list, what is opened below it, keys; and what it says when there is nothing to show. */
import { isTyping, leave } from "../keyboard";
import { Card } from "../parts/card";
import { Icon } from "../parts/icon";
import { LinkState, Lost, Waiting } from "../parts/link";
import { Segments } from "../parts/segments";
import type { LogState, Source } from "../protocol";
import { plural, size, visible } from "../words";
import { Comparison } from "./comparison";
import { Detail } from "./detail";
import { List, SOURCE_ICONS, lineOf } from "./list";
import { SaveTestPanel } from "./save-test";
import { Replay } from "./replay";
import { NO_FILTER, type StatusClass, countBySource } from "./rows";
import type { LogStore } from "./store";

const FROM: { [source in Source]: string } = { client: "cells", console: "views", server: "outside" };
const STATUSES: StatusClass[] = ["any", "2", "3", "4", "5"];

function Bar({ store, log }: { store: LogStore; log: LogState | null }) {
  return (
    <header class="rb-bar">
      <h2>Log</h2>
      <LinkState link={store.kernel.link} />
      {log && log.total > 0 && (
        <span class="rb-small rb-2">
          {plural(log.total, "exchange")} · {size(log.size_bytes)} of at most {size(log.max_bytes)} · credentials hidden
        </span>
      )}
      <span class="rb-push rb-line">
        <button
          class="rb-btn rb-btn--quiet rb-btn--small"
          type="button"
          aria-pressed={store.frozen !== null}
          disabled={!log}
          onClick={() => store.pause(store.frozen === null)}
        >
          <Icon name={store.frozen ? "play" : "pause"} />
          Pause
        </button>
        <button
          class="rb-btn rb-btn--quiet rb-btn--small"
          type="button"
          disabled={!log?.exchanges.length || store.kernel.link === "lost"}
          onClick={() => void store.clear()}
        >
          Clear
        </button>
      </span>
    </header>
  );
}

function Tools({ store, log }: { store: LogStore; log: LogState }) {
  const counts = countBySource(log.exchanges);
  const { filter } = store;
  return (
    <div class="rb-log__tools">
      <label class="rb-search rb-log__search">
        <Icon name="search" />
        <span class="rb-sr">Filter the log</span>
        <input
          class="rb-input"
          type="search"
          data-key="search"
          placeholder="Words, or path:/books  text:Shelley  ms:>10"
          value={filter.query}
          onInput={({ currentTarget }) => store.setFilter({ query: currentTarget.value })}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <Segments
        name="From"
        value={filter.from}
        onChoose={(from) => store.setFilter({ from })}
        choices={[
          { value: "all" as const, label: `All ${log.exchanges.length}` },
          ...(Object.keys(FROM) as Source[]).map((source) => ({
            value: source,
            label: (
              <>
                <Icon name={SOURCE_ICONS[source]} />
                {FROM[source]} {counts[source]}
              </>
            ),
          })),
        ]}
      />
      <Segments
        name="Status"
        value={filter.status}
        onChoose={(status) => store.setFilter({ status })}
        choices={STATUSES.map((value) => ({ value, label: value === "any" ? "Any" : `${value}xx` }))}
      />
    </div>
  );
}

function Notes({ store, log }: { store: LogStore; log: LogState }) {
  const gone = log.total - log.exchanges.length;
  return (
    <>
      {store.kernel.link === "lost" && <Lost kernel={store.kernel} />}
      {store.frozen && (
        <div class="rb-note" data-n="plain" role="status">
          <Icon name="pause" />
          <div>
            <strong>Paused.</strong>{" "}
            {store.missed ? `${plural(store.missed, "exchange")} came since; nothing is lost.` : "Nothing came since."}
          </div>
          <button class="rb-btn rb-btn--small" type="button" onClick={() => store.pause(false)}>
            <Icon name="play" />
            Go on
          </button>
        </div>
      )}
      {gone > 0 && log.exchanges.length > 0 && (
        <p class="rb-log__gone rb-small rb-2">
          <Icon name="list" /> The last {log.exchanges.length} are kept; {plural(gone, "older exchange has", "older exchanges have")}{" "}
          gone.
        </p>
      )}
      {store.said && (
        <div
          class="rb-note"
          data-n={store.said.isError ? "error" : "ok"}
          role={store.said.isError ? "alert" : "status"}
        >
          <Icon name={store.said.isError ? "error" : "ok"} />
          <div>{visible(store.said.text)}</div>
        </div>
      )}
    </>
  );
}

const Empty = ({ hadSome }: { hadSome: boolean }) => (
  <div class="rb-empty">
    <p>
      <strong>{hadSome ? "The log is empty." : "No exchange yet."}</strong>
    </p>
    <p class="rb-2">
      Send one from the explorer, with <code>routebook_kernel.client(app).get("/books")</code> in a cell, or from outside
      once <code>%api serve</code> runs.
    </p>
  </div>
);

function NothingFound({ store, log }: { store: LogStore; log: LogState }) {
  return (
    <div class="rb-empty rb-line" role="status">
      <span>
        None of {log.exchanges.length} matches{store.filter.query ? " " : " what is chosen."}
        {store.filter.query && <code>{visible(store.filter.query)}</code>}
      </span>
      <button
        class="rb-btn rb-btn--quiet rb-btn--small"
        type="button"
        onClick={() => store.clearFilter()}
      >
        Show all <kbd>Esc</kbd>
      </button>
    </div>
  );
}

function PanelView({ store }: { store: LogStore }) {
  const { panel } = store;
  if (panel?.kind === "compare") return <Comparison store={store} a={panel.a} b={panel.b} />;
  if (panel?.kind === "save-test") return <SaveTestPanel store={store} id={panel.id} />;
  if (panel?.kind === "replay") return <Replay store={store} id={panel.id} />;
  return panel && <Detail store={store} id={panel.id} from={panel.from} />;
}

const KEYS: [string[], string][] = [
  [["/"], "filter"],
  [["↑", "↓"], "exchange"],
  [["Enter"], "open"],
  [["Space"], "choose two to compare"],
  [["R"], "replay"],
  [["E"], "edit and replay"],
  [["K"], "save as test"],
  [["Esc"], "close, then back to the notebook"],
];

const Keys = () => (
  <footer class="rb-foot" aria-label="Keys">
    {KEYS.map(([keys, words]) => (
      <span key={words}>
        {keys.map((key) => [<kbd key={key}>{key}</kbd>, " "])}
        {words}
      </span>
    ))}
  </footer>
);

function Loaded({ store, log }: { store: LogStore; log: LogState }) {
  return (
    <>
      <Bar store={store} log={log} />
      {log.exchanges.length > 0 && <Tools store={store} log={log} />}
      <Notes store={store} log={log} />
      {!log.exchanges.length ? (
        <Empty hadSome={log.total > 0} />
      ) : store.shown.length ? (
        <List store={store} />
      ) : (
        <NothingFound store={store} log={log} />
      )}
      <PanelView store={store} />
      {log.exchanges.length > 0 && <Keys />}
    </>
  );
}

/** Esc: what stands below is closed, then the filter is taken away, then the view is left for the notebook. */
function stepBack(root: HTMLElement, store: LogStore): void {
  if (store.panel) {
    const line = store.current === null ? null : lineOf(root, store.current);
    (line ?? root.querySelector<HTMLElement>("tr[tabindex='0']"))?.focus({ preventScroll: true });
    if (store.panel.kind === "compare") store.endComparison();
    else store.show(null);
  } else if (store.filter !== NO_FILTER) {
    store.clearFilter();
    root.querySelector<HTMLElement>("[data-key=search]")?.focus();
  } else {
    leave(root);
  }
}

/** Handle a key inside the view. */
function onKeyDown(event: KeyboardEvent, store: LogStore): void {
  const root = event.currentTarget as HTMLElement;
  if (event.defaultPrevented) return;
  if (event.key === "Escape") stepBack(root, store);
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    root.querySelector<HTMLButtonElement>("[data-key=send]")?.click();
  } else if (event.key === "/" && !isTyping(event.target)) {
    root.querySelector<HTMLElement>("[data-key=search]")?.focus();
  } else return;
  event.preventDefault();
}

export function LogView({ store }: { store: LogStore }) {
  const { log, kernel } = store;
  return (
    <Card label="Routebook log" onKeyDown={(event) => onKeyDown(event, store)}>
      {log ? (
        <Loaded store={store} log={log} />
      ) : (
        <Waiting kernel={kernel} what="the log" />
      )}
    </Card>
  );
}
