/**
 * The view's keys. A key finds the button that does the same and presses it, so that mouse and keyboard never differ;
 * a part says which key means it by `data-key`.
 */

const PRESSES: { [chord: string]: string } = {
  "Ctrl Enter": "send",
  "Alt c": "compare",
  "Alt j": "json",
  "Alt 1": "tab1",
  "Alt 2": "tab2",
  "Alt 3": "tab3",
  "Alt 4": "tab4",
  "Alt 5": "tab5",
};

function chordOf(event: KeyboardEvent): string {
  const modifier =
    event.ctrlKey || event.metaKey
      ? "Ctrl "
      : event.altKey
        ? "Alt "
        : event.shiftKey && event.key.length > 1
          ? "Shift "
          : "";
  const key =
    event.altKey && /^(Key|Digit)/.test(event.code) ? event.code.replace(/^(Key|Digit)/, "").toLowerCase() : event.key;
  return modifier + key;
}

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input:not([type=radio], [type=checkbox]), textarea, select");

/** Move to the next, or the former, of the listed errors and to its field. */
function moveToIssue(root: HTMLElement, step: 1 | -1): boolean {
  const lines = [...root.querySelectorAll<HTMLElement>(".rb-errors__line")];
  if (!lines.length) return false;
  const current = lines.findIndex((line) => line.dataset.current === "true");
  const next = current === -1 ? (step === 1 ? 0 : lines.length - 1) : (current + step + lines.length) % lines.length;
  lines.forEach((line, index) => (line.dataset.current = String(index === next)));
  lines[next]?.click();
  return true;
}

/** The view is left for the notebook around it, or for nothing where there is none. */
export function leave(root: HTMLElement): void {
  const notebook = root.closest<HTMLElement>(".jp-Notebook, .jp-Cell");
  if (notebook) notebook.focus();
  else (document.activeElement as HTMLElement | null)?.blur();
}

/** Esc: what is under way ends first, then a search, then the view is left. */
function stepBack(root: HTMLElement): void {
  const search = root.querySelector<HTMLInputElement>("[data-key=search]");
  const cancel = root.querySelector<HTMLElement>("[data-key=cancel]");
  if (cancel) return cancel.click();
  if (search?.value) {
    search.value = "";
    search.dispatchEvent(new Event("input"));
    return search.focus();
  }
  leave(root);
}

/** Handle a key inside the view. */
export function onKeyDown(event: KeyboardEvent): void {
  const root = event.currentTarget as HTMLElement;
  if (event.defaultPrevented) return;
  const chord = chordOf(event);
  const pressed = PRESSES[chord];
  if (pressed) {
    const found = root.querySelector<HTMLElement>(`[data-key="${pressed}"]`);
    if (!found) return;
    if (found.matches("select, [role=tab]")) found.focus(); // what had the focus may be about to go
    if (!found.matches("select")) found.click();
  } else if (chord === "F8" || chord === "Shift F8") {
    if (!moveToIssue(root, chord === "F8" ? 1 : -1)) return;
  } else if (chord === "Escape") {
    stepBack(root);
  } else if (chord === "/" && !isTyping(event.target)) {
    root.querySelector<HTMLElement>("[data-key=search]")?.focus();
  } else {
    return;
  }
  event.preventDefault();
}
