/** A JSON value as a tree: opened level by level, long lists a hundred at a time, so that no size freezes the page. */
import { useState } from "preact/hooks";
import { type Value, isObject, print, quote } from "../json";
import { shorten } from "../words";
import { Icon } from "./icon";

const STEP = 100;
const MAX_TEXT = 400;
/** A level opens by itself while it has few entries. */
const OPEN_ENTRIES = 30;
const OPEN_DEPTH = 2;

const entriesOf = (value: Value): [string, Value][] =>
  Array.isArray(value)
    ? value.map((item, index) => [String(index), item])
    : isObject(value)
      ? Object.entries(value)
      : [];

const tokenClass = (value: Value): string =>
  typeof value === "string"
    ? "tok-string"
    : value === null || typeof value === "boolean"
      ? "tok-keyword"
      : "tok-number";

/** Called with a value and its JSON path (RFC 9535), `$.items[0].price`. */
export type Pick = (path: string, value: Value) => void;

/** The path of a member; a name that is no plain word is quoted.
 *
 * Spec: RFC 9535 §2.5.1 (child segment), §2.3.1 (name selector).
 */
export function pathTo(path: string, name: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${name}]`;
  return /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

const Leaf = ({ value }: { value: Value }) => (
  <span class={tokenClass(value)}>
    {typeof value === "string" && value.length > MAX_TEXT ? (
      <>
        {quote(value.slice(0, MAX_TEXT))}… <span class="rb-2">{value.length - MAX_TEXT} more characters</span>
      </>
    ) : (
      print(value, 0)
    )}
  </span>
);

interface NodeProps {
  name: string | null;
  value: Value;
  depth: number;
  path: string;
  onPick: Pick | undefined;
}

function Node({ name, value, depth, path, onPick }: NodeProps) {
  const isBranch = Array.isArray(value) || isObject(value);
  const count = Array.isArray(value) ? value.length : isBranch ? Object.keys(value).length : 0;
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH && count <= OPEN_ENTRIES);
  const [shown, setShown] = useState(STEP);
  const label = name !== null && <span class="tok-key">{shorten(quote(name).slice(1, -1), 200)}</span>;
  if (!isBranch || !count) {
    return (
      <li
        role="treeitem"
        tabIndex={-1}
        data-pick={onPick ? path : undefined}
        onClick={
          onPick &&
          ((event) => {
            event.stopPropagation();
            onPick(path, value);
          })
        }
      >
        <span class="rb-tree__row">
          <span class="rb-tree__gap" />
          {label} {isBranch ? <span class="rb-2">{Array.isArray(value) ? "[]" : "{}"}</span> : <Leaf value={value} />}
        </span>
      </li>
    );
  }
  return (
    <li
      role="treeitem"
      tabIndex={-1}
      aria-expanded={isOpen}
      onClick={(event) => {
        event.stopPropagation();
        setOpen(!isOpen);
      }}
    >
      <span class="rb-tree__row">
        <Icon name={isOpen ? "down" : "right"} />
        {label} <span class="rb-2">{Array.isArray(value) ? `[${count}]` : `{${count}}`}</span>
      </span>
      {isOpen && (
        <ul role="group" onClick={(event) => event.stopPropagation()}>
          {entriesOf(value)
            .slice(0, shown)
            .map(([key, item]) => (
              <Node
                key={key}
                name={key}
                value={item}
                depth={depth + 1}
                path={pathTo(path, key, Array.isArray(value))}
                onPick={onPick}
              />
            ))}
          {count > shown && (
            <li role="none">
              <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={() => setShown(shown + STEP)}>
                Show {Math.min(STEP, count - shown)} more of {count - shown}
              </button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

/** Arrow keys as in every tree: up and down move, right opens or enters, left closes or leaves. */
function onKeyDown(event: KeyboardEvent): void {
  const tree = event.currentTarget as HTMLElement;
  const items = [...tree.querySelectorAll<HTMLElement>("[role=treeitem]")];
  const current = (event.target as HTMLElement).closest<HTMLElement>("[role=treeitem]");
  if (!current || (event.target as HTMLElement).tagName === "BUTTON") return;
  const index = items.indexOf(current);
  const expanded = current.getAttribute("aria-expanded");
  const parent = current.parentElement?.closest<HTMLElement>("[role=treeitem]");
  const moves: { [key: string]: () => void } = {
    ArrowDown: () => items[index + 1]?.focus(),
    ArrowUp: () => items[index - 1]?.focus(),
    ArrowRight: () => (expanded === "false" ? current.click() : expanded === "true" && items[index + 1]?.focus()),
    ArrowLeft: () => (expanded === "true" ? current.click() : parent?.focus()),
    Enter: () => (expanded !== null || current.dataset.pick !== undefined) && current.click(),
    Home: () => items[0]?.focus(),
    End: () => items.at(-1)?.focus(),
  };
  const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
  if (!move) return;
  event.preventDefault();
  move();
}

/** With `onPick` a click on a value, or Enter, picks it. */
export const JsonTree = ({ value, label, onPick }: { value: Value; label: string; onPick?: Pick }) => (
  <div class="rb-tree">
    <ul
      role="tree"
      aria-label={label}
      class="rb-tree__root"
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={(event) =>
        event.target === event.currentTarget &&
        event.currentTarget.querySelector<HTMLElement>("[role=treeitem]")?.focus()
      }
    >
      <Node name={null} value={value} depth={0} path="$" onPick={onPick} />
    </ul>
  </div>
);
