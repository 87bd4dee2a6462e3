/** The trace view: which request, its trace, and what is said where there is none. */
import { onKeyDown } from "../keyboard";
import type { TraceState, TracesState } from "../protocol";
import type { TraceStore } from "../trace-store";
import { visible } from "../words";
import { Method, Status } from "./badges";
import { Icon } from "./icon";
import { Card } from "./card";
import { LinkState, Lost, Waiting } from "./link";
import { CompareWith } from "./trace-choice";
import { TracePanel, lineOptions } from "./trace-panel";

const FROM = { console: "from a view", client: "from a cell", server: "from outside" };

const NOTHING: TracesState = { shown: null, recent: [], is_tracing: false, is_last: true };

const Again = ({ store, words }: { store: TraceStore; words: string }) => (
  <button
    class="rb-btn rb-btn--small"
    type="button"
    disabled={store.isBusy || store.kernel.link === "lost"}
    onClick={() => void store.replay()}
  >
    <Icon name="replay" />
    {words}
  </button>
);

function Head({ store, trace }: { store: TraceStore; trace: TraceState | null }) {
  return (
    <header class="rb-bar">
      <h3 class="rb-line">
        {trace ? (
          <>
            <span class="rb-2 rb-small">
              <span class="rb-sr">Trace of request </span>
              {trace.id}
            </span>
            <Method name={trace.method} />
            <span class="rb-path">{visible(trace.url.slice(0, 300))}</span>
          </>
        ) : (
          "Trace"
        )}
      </h3>
      {trace && (
        <>
          <Status status={trace.status} reason={trace.status === null ? "no response" : trace.reason} />
          <span class="rb-small rb-2">
            {FROM[trace.source]}, {trace.at}
          </span>
        </>
      )}
      <LinkState link={store.kernel.link} />
      {trace && (
        <span class="rb-push">
          <Again store={store} words="Replay" />
        </span>
      )}
    </header>
  );
}

function Choice({ store, trace }: { store: TraceStore; trace: TraceState | null }) {
  const { recent, is_tracing, is_last, shown } = store.kernel.state ?? NOTHING;
  return (
    <div class="rb-trace__choose">
      {recent.length > 0 && (
        <label class="rb-small">
          Request
          <select
            class="rb-select"
            value={store.picked?.id ?? ""}
            onChange={({ currentTarget }) => void store.pick(currentTarget.value ? Number(currentTarget.value) : null)}
          >
            <option value="">{is_last ? "the last that was traced" : `number ${shown?.id}, as asked`}</option>
            {lineOptions(recent)}
          </select>
        </label>
      )}
      {trace?.is_traced && trace.others.length > 0 && (
        <CompareWith
          others={trace.others}
          chosen={store.comparison.other?.id ?? null}
          onChoose={(id) => void store.comparison.choose(id)}
        />
      )}
      <label class="rb-small">
        <input
          type="checkbox"
          checked={is_tracing}
          onChange={({ currentTarget }) => void store.setTracing(currentTarget.checked)}
        />
        trace every request
      </label>
    </div>
  );
}

const Untraced = ({ store }: { store: TraceStore }) => (
  <div class="rb-note" data-n="plain" role="status">
    <Icon name="info" />
    <div>
      <strong>This request was not traced.</strong> Requests from the explorer are; the others when every request is.
    </div>
    <Again store={store} words="Trace it" />
  </div>
);

const Empty = () => (
  <div class="rb-stack">
    <p>
      <strong>No trace yet.</strong>
    </p>
    <p class="rb-2">Requests from the explorer are traced as they come; the others when every request is.</p>
  </div>
);

const Keys = () => (
  <footer class="rb-foot" aria-label="Keys">
    <span>
      <kbd>↑</kbd> <kbd>↓</kbd> step
    </span>
    <span>
      <kbd>←</kbd> <kbd>→</kbd> fold
    </span>
    <span>
      <kbd>Enter</kbd> go to the cell
    </span>
    <span>
      <kbd>Alt</kbd> <kbd>C</kbd> compare
    </span>
    <span>
      <kbd>Esc</kbd> back to the notebook
    </span>
  </footer>
);

export function TraceView({ store }: { store: TraceStore }) {
  const { kernel, shown: trace } = store;
  const error = store.error || store.comparison.error;
  return (
    <Card label="Routebook trace" isBusy={store.isBusy} onKeyDown={onKeyDown}>
      <Head store={store} trace={trace} />
      {kernel.state && kernel.link === "lost" && <Lost kernel={kernel} />}
      <div class="rb-trace">
        {kernel.state ? (
          <>
            <Choice store={store} trace={trace} />
            {error && (
              <div class="rb-note rb-trace__stale" data-n="error" role="alert">
                <Icon name="error" />
                <div>{visible(error)}</div>
              </div>
            )}
            {!trace ? (
              <Empty />
            ) : trace.is_traced ? (
              <TracePanel trace={trace} other={store.comparison.other} again={<Again store={store} words="Replay" />} />
            ) : (
              <Untraced store={store} />
            )}
          </>
        ) : (
          <Waiting kernel={kernel} what="the record" />
        )}
      </div>
      <Keys />
    </Card>
  );
}
