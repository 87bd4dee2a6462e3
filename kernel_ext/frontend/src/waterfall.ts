/** A trace as its view draws it: which rows are open, the scale, the code's lines, two traces beside each other. Pure. */
import type { TraceRow, TraceState } from "./protocol";

/** Milliseconds as a person reads them. */
export function inMs(ms: number): string {
  if (ms > 0 && ms < 0.005) return "<0.01";
  return ms < 100 ? ms.toFixed(2) : ms.toFixed(0);
}

const STEPS = [1, 2, 2.5, 5, 10];

/** The milliseconds between two of four marks, so that they are round and the last one is not before the end. */
export function tick(total: number): number {
  const least = Math.max(total, 0.001) / 4;
  const power = 10 ** Math.floor(Math.log10(least));
  return (STEPS.find((step) => step * power >= least * 0.9999) ?? 10) * power;
}

/** A row that is drawn: where it stands in its trace, whether it has rows below it, and the other trace's. */
export interface Line {
  index: number;
  row: TraceRow;
  isParent: boolean;
  other: TraceRow | null;
  /** Whether only the other trace has it. */
  isOther: boolean;
}

/** The rows that a person sees: none below a closed one. */
export function visibleLines(lines: Line[], closed: ReadonlySet<number>): Line[] {
  let below = Infinity;
  return lines.filter(({ index, row }) => {
    if (row.level > below) return false;
    below = closed.has(index) ? row.level : Infinity;
    return true;
  });
}

const ofRows = (rows: TraceRow[]): Line[] =>
  rows.map((row, index) => ({
    index,
    row,
    isParent: (rows[index + 1]?.level ?? 0) > row.level,
    other: null,
    isOther: false,
  }));

/** What makes two rows the same step: its place in the tree, and for which time it is there. */
function keys(rows: TraceRow[]): string[] {
  const path: string[] = [];
  const seen = new Map<string, number>();
  return rows.map(({ level, label, what, is_after }) => {
    path.length = level - 1;
    path.push(`${label.replace(/ \d{3}$/, "")}|${what}|${is_after}`);
    const key = path.join("/");
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return `${key}#${count}`;
  });
}

/** The rows of a trace, each with the same step of another; what only that one has comes where it had been there. */
export function linesOf(trace: TraceState, other: TraceState | null): Line[] {
  if (!other) return ofRows(trace.rows);
  const ours = keys(trace.rows);
  const theirs = keys(other.rows);
  const known = new Set(ours);
  const merged: { row: TraceRow; other: TraceRow | null; isOther: boolean }[] = [];
  let next = 0;
  const takeOthers = (end: number): void => {
    for (; next < end; next++) {
      const row = other.rows[next];
      if (row && !known.has(theirs[next] ?? "")) merged.push({ row, other: row, isOther: true });
    }
  };
  trace.rows.forEach((row, index) => {
    const at = theirs.indexOf(ours[index] ?? "");
    if (at >= 0) takeOthers(at);
    merged.push({ row, other: at >= 0 ? (other.rows[at] ?? null) : null, isOther: false });
  });
  takeOthers(other.rows.length);
  const lines = ofRows(merged.map(({ row }) => row));
  return lines.map((line, index) => ({ ...line, ...merged[index], row: line.row }));
}

/** What the lines of the generated function took; the end of a dependency counts where it began. */
export function lineTimes(rows: TraceRow[]): Map<number, number> {
  const times = new Map<number, number>();
  for (const { line, band, elapsed_ms } of rows)
    if (line && elapsed_ms !== null && band !== "hit") times.set(line, (times.get(line) ?? 0) + elapsed_ms);
  return times;
}

/** The row that is chosen first: the one that failed, else the user's that took longest, else the longest. */
export function firstChoice(rows: TraceRow[]): number {
  const failed = rows.findIndex((row) => row.is_failure);
  if (failed >= 0) return failed;
  const isYours = ({ band }: TraceRow): boolean => band === "yours" || band === "thread";
  const candidates = rows.some(isYours) ? rows.filter(isYours) : rows.filter(({ band }) => band !== "line");
  const longest = candidates.reduce<TraceRow | undefined>(
    (best, row) => (best && (best.elapsed_ms ?? 0) >= (row.elapsed_ms ?? 0) ? best : row),
    undefined,
  );
  return longest ? rows.indexOf(longest) : 0;
}

const PYTHON =
  /(#.*)|("""[^]*?"""|[bf]?"(?:[^"\\]|\\.)*"|[bf]?'(?:[^'\\]|\\.)*')|\b(async|await|def|with|as|if|else|try|except|finally|raise|return|from|is|in|not|or|and|None|True|False)\b|\b(\d+)\b/g;

/** A line of Python in pieces; `kind` is a class of the sheet, "" for what is plain. */
export function pythonPieces(line: string): { text: string; kind: string }[] {
  const pieces: { text: string; kind: string }[] = [];
  let at = 0;
  for (const match of line.matchAll(PYTHON)) {
    if (match.index > at) pieces.push({ text: line.slice(at, match.index), kind: "" });
    const [text, comment, string, keyword] = match;
    const kind = comment ? "tok-comment" : string ? "tok-string" : keyword ? "tok-keyword" : "tok-number";
    pieces.push({ text, kind });
    at = match.index + text.length;
  }
  if (at < line.length) pieces.push({ text: line.slice(at), kind: "" });
  return pieces;
}
