/** The list of operations: by tag, searchable, marked. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { answers, byTag, matches } from "../live";
import type { OperationState } from "../protocol";
import { socketId } from "../store";
import { visible } from "../words";
import { Mark, Method, Path } from "./badges";
import { useStore, useUid } from "./context";
import { Difference } from "./difference";
import { Icon } from "./icon";
import { Segments } from "./segments";

type Which = "all" | "marked";

/** Arrow keys move through the list, from the search field too. */
function move(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const list = (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".rb-op");
  const items = [...list].filter((item) => item.offsetParent !== null);
  if (!step || !items.length || (event.target as HTMLElement).matches("[type=radio]")) return;
  event.preventDefault();
  const at = items.indexOf(event.target as HTMLElement);
  items[at === -1 ? (step === 1 ? 0 : items.length - 1) : (at + step + items.length) % items.length]?.focus();
}

function Item({
  operation,
  isCurrent,
  onSelect,
}: {
  operation: OperationState;
  isCurrent: boolean;
  onSelect: (id: string) => void;
}) {
  const marks = useStore().marksOf(operation);
  // The same nodes as before are not compared again: a long list costs little when something else changes.
  return useMemo(
    () => (
      <li>
        <button
          class={`rb-op${operation.deprecated ? " is-deprecated" : ""}`}
          type="button"
          aria-current={isCurrent ? "true" : undefined}
          title={visible(operation.path)}
          onClick={() => onSelect(operation.id)}
        >
          <Method name={operation.method} />
          <Path path={operation.path} />
          {operation.deprecated && <span class="rb-sr">deprecated</span>}
          {marks.map((mark) => (
            <Mark key={mark.kind} mark={mark} />
          ))}
        </button>
      </li>
    ),
    [operation, isCurrent, marks.length],
  );
}

const STEP = 60;

/** How much of a long list is drawn: what fits the view at first, the rest bit by bit, so that the page never waits. */
function useDrawn(count: number): number {
  const [drawn, setDrawn] = useState(STEP);
  useEffect(() => {
    if (drawn >= count) return;
    const timer = setTimeout(() => setDrawn(drawn + STEP), 20);
    return () => clearTimeout(timer);
  }, [drawn, count]);
  return drawn;
}

export function Operations({
  id,
  operations,
  sockets,
  selected,
  onSelect,
}: {
  id: string;
  operations: OperationState[];
  /** The paths of WebSockets. */
  sockets: string[];
  selected: string | null;
  onSelect: (id: string) => void;
}) {
  const store = useStore();
  const [query, setQuery] = useState("");
  const [which, setWhich] = useState<Which>("all");
  const drawn = useDrawn(operations.length);
  const marked = operations.filter((operation) => store.marksOf(operation).length);
  const hasNews = marked.some((operation) =>
    store.marksOf(operation).some(({ kind }) => kind === "new" || kind === "changed"),
  );
  const shownOf = which === "marked" && marked.length ? marked : operations;
  const found = query.trim() ? shownOf.filter((operation) => answers(operation, query.trim())) : shownOf;
  const foundSockets = shownOf === marked ? [] : sockets.filter((path) => matches(`websocket ${path}`, query.trim()));
  return (
    <nav class="rb-ops" id={id} aria-label="Operations" onKeyDown={move}>
      <div class="rb-ops__tools">
        <label class="rb-search">
          <Icon name="search" />
          <span class="rb-sr">Search operations</span>
          <input
            class="rb-input"
            type="search"
            placeholder="Path, name or tag"
            data-key="search"
            value={query}
            onInput={({ currentTarget }) => setQuery(currentTarget.value)}
          />
          <kbd aria-hidden="true">/</kbd>
        </label>
        <div class="rb-line rb-small" role="group" aria-label="Which operations">
          <Segments
            name="Which operations"
            choices={[
              { value: "all" as Which, label: `All ${operations.length}` },
              { value: "marked" as Which, label: `Marked ${marked.length}` },
            ]}
            value={marked.length ? which : "all"}
            onChoose={setWhich}
          />
          {hasNews && (
            <button
              class="rb-btn rb-btn--quiet rb-btn--small rb-push"
              type="button"
              title="Clear the marks new and changed"
              onClick={() => store.markSeen()}
            >
              Mark seen
            </button>
          )}
        </div>
      </div>
      <div class="rb-ops__list">
        {byTag(found.slice(0, drawn)).map(([tag, tagged]) => (
          <details class="rb-fold" open key={tag}>
            <summary>
              <Icon name="right" />
              <h3>{tag ? visible(tag) : "no tag"}</h3>
              <span class="rb-count">{tagged.length}</span>
            </summary>
            <ul>
              {tagged.map((operation) => (
                <Item
                  key={operation.id}
                  operation={operation}
                  isCurrent={operation.id === selected}
                  onSelect={onSelect}
                />
              ))}
            </ul>
          </details>
        ))}
        {drawn >= found.length && foundSockets.length > 0 && (
          <details class="rb-fold" open>
            <summary>
              <Icon name="right" />
              <h3>WebSockets</h3>
              <span class="rb-count">{foundSockets.length}</span>
            </summary>
            <ul>
              {foundSockets.map((path) => (
                <li key={path}>
                  <button
                    class="rb-op"
                    type="button"
                    aria-current={socketId(path) === selected ? "true" : undefined}
                    title={visible(path)}
                    onClick={() => onSelect(socketId(path))}
                  >
                    <Method name="WS" />
                    <Path path={path} />
                  </button>
                </li>
              ))}
            </ul>
          </details>
        )}
        {!found.length && !foundSockets.length && (
          <div class="rb-empty rb-line">
            <span>No operation matches “{visible(query)}”.</span>
            <button
              class="rb-btn rb-btn--quiet rb-btn--small"
              type="button"
              data-key="clear"
              onClick={() => setQuery("")}
            >
              Clear <kbd>Esc</kbd>
            </button>
          </div>
        )}
      </div>
      {hasNews && (
        <div class="rb-ops__news">
          <Difference operation={null} version={operations} title="OpenAPI since the last run" />
        </div>
      )}
    </nav>
  );
}

/** What stands for the list in a narrow view: the operation that is open, and a way to the others. */
export function Chooser({
  operation,
  socket,
  count,
  marked,
  isOpen,
  onToggle,
}: {
  operation: OperationState | undefined;
  socket: string | undefined;
  count: number;
  marked: number;
  isOpen: boolean;
  onToggle: () => void;
}) {
  const store = useStore();
  return (
    <div class="rb-chooser">
      <button class="rb-btn" type="button" aria-expanded={isOpen} aria-controls={`${useUid()}-ops`} onClick={onToggle}>
        {socket !== undefined && (
          <>
            <Method name="WS" />
            <Path path={socket} />
          </>
        )}
        {operation && (
          <>
            <Method name={operation.method} />
            <Path path={operation.path} />
            {store.marksOf(operation).map((mark) => (
              <Mark key={mark.kind} mark={mark} />
            ))}
          </>
        )}
        <span class="rb-push rb-2 rb-small">
          {count} operations{marked ? `, ${marked} marked` : ""}
        </span>
        <Icon name="down" />
      </button>
    </div>
  );
}
