/** The small signs of the views: method, path, mark, status. Each has its word; colour only repeats it. */
import type { CellRef, Mark as MarkState, MarkKind, OperationState } from "../protocol";
import { statusClass, visible } from "../words";
import { Icon, type IconName } from "./icon";

export const Method = ({ name }: { name: string }) => (
  <span class="rb-method" data-m={name}>
    {visible(name)}
  </span>
);

/** A path template, its parameters set back. */
export const Path = ({ path }: { path: string }) => (
  <span class="rb-path">
    {visible(path)
      .split(/(\{[^}]*\})/)
      .map((part, index) => (index % 2 ? <var key={index}>{part}</var> : part))}
  </span>
);

export const MARK_ICONS: { [kind in MarkKind]: IconName } = {
  new: "plus",
  changed: "tilde",
  stale: "clock",
  conflict: "error",
  shadowed: "ban",
};

export const Mark = ({ mark: { kind, text } }: { mark: MarkState }) => (
  <span class="rb-mark" data-mark={kind} title={visible(text)}>
    <Icon name={MARK_ICONS[kind]} />
    <span class="rb-mark__w">{kind}</span>
  </span>
);

const STATUS_ICONS: { [digit: string]: IconName } = { 1: "info", 2: "ok", 3: "redirect", 4: "warn", 5: "error" };

export const Status = ({ status, reason }: { status: number | null; reason: string }) => (
  <span class="rb-status" data-s={statusClass(status)}>
    <Icon name={STATUS_ICONS[statusClass(status)] ?? "info"} />
    {status ?? ""} {visible(reason)}
  </span>
);

/** Bring a cell into sight, and make it the active one, by the number that it shows; null where the page has none. */
function showCell(from: Element, label: string): HTMLElement | null {
  const notebook = from.closest(".jp-Notebook, .notebook-editor, body");
  const prompts = [...(notebook?.querySelectorAll(".jp-InputPrompt") ?? [])];
  const cell = prompts.find((prompt) => prompt.textContent?.trim() === `${label}:`)?.closest<HTMLElement>(".jp-Cell");
  if (!cell) return null;
  cell.scrollIntoView({ block: "center" });
  cell.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, button: 0 }));
  cell.dispatchEvent(new MouseEvent("mouseup", { bubbles: true, button: 0 }));
  return cell;
}

const NO_CELL = "This page shows no cell of that number now.";

/** A button that runs a cell as Ctrl Enter does. */
export const RunCell = ({ cell }: { cell: CellRef }) => (
  <button
    type="button"
    class="rb-btn rb-btn--small"
    onClick={({ currentTarget }) => {
      const shown = showCell(currentTarget, cell.label);
      if (!shown) currentTarget.title = NO_CELL;
      shown?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 13, ctrlKey: true, bubbles: true }));
    }}
  >
    Run cell {cell.label}
  </button>
);

/** "cell [6], line 3": a button that goes to the cell. */
export const CellLink = ({ cell }: { cell: CellRef }) => (
  <span class="rb-nowrap">
    <button
      type="button"
      class="rb-link"
      onClick={({ currentTarget }) => {
        if (!showCell(currentTarget, cell.label)) currentTarget.title = NO_CELL;
      }}
    >
      cell {cell.label}
    </button>
    {cell.line === null ? "" : `, line ${cell.line}`}
  </span>
);

/** Where an operation comes from: its function, and the cell that defines it. */
export const Origin = ({ operation: { endpoint, cell } }: { operation: OperationState }) => (
  <p class="rb-detail__cell rb-small">
    {endpoint && <code>{visible(endpoint)}</code>}
    {endpoint && cell && " in "}
    {cell && <CellLink cell={cell} />}
  </p>
);
