/** The lines of the log: what the kernel tells, filtered, runs of like ones folded. Pure. */
import type { ExchangeSummary, LogDelta, LogState, Source } from "../protocol";

/** The state after a delta; exchanges in the order of their numbers. */
export function applyLogDelta(log: LogState, { set, removed, total, size_bytes }: LogDelta): LogState {
  const byId = new Map(log.exchanges.map((exchange) => [exchange.id, exchange]));
  for (const id of removed) byId.delete(id);
  for (const exchange of set) byId.set(exchange.id, exchange);
  return { ...log, exchanges: [...byId.values()].sort((a, b) => a.id - b.id), total, size_bytes };
}

export type StatusClass = "any" | "2" | "3" | "4" | "5";

/** What the log shows of what it has. */
export interface Filter {
  query: string;
  from: Source | "all";
  status: StatusClass;
}

export const NO_FILTER: Filter = { query: "", from: "all", status: "any" };

/** A word of the search box: `Shelley`, or `path:/books`. */
interface Word {
  field: string;
  text: string;
}

const WORD = /(?:(\w+):)?(?:"([^"]*)"?|(\S+))/g;

export const FIELDS = ["path", "method", "status", "from", "text", "ms"];

function wordsOf(query: string): Word[] {
  return [...query.matchAll(WORD)].map(([whole, field = "", quoted, plain = ""]) =>
    field && !FIELDS.includes(field.toLowerCase())
      ? { field: "", text: whole.toLowerCase() }
      : { field: field.toLowerCase(), text: (quoted ?? plain).toLowerCase() },
  );
}

/** The texts that the kernel must look for, in bodies and headers that are not here. */
export const textsOf = (query: string): string[] => [
  ...new Set(wordsOf(query).flatMap(({ field, text }) => (text && (field === "" || field === "text") ? [text] : []))),
];

/** Who sent it, in a word or two. */
export function senderOf({ source, cell, sender }: ExchangeSummary): string {
  if (source === "console") return "view";
  if (source === "server") return sender || "outside";
  return cell ? `cell ${cell}` : "Python";
}

function passesTime(ms: number, text: string): boolean {
  const limit = Number(text.replace(/^[<>]=?/, ""));
  if (Number.isNaN(limit)) return true;
  return text.startsWith("<") ? ms < limit : ms > limit;
}

const passesStatus = (status: number | null, text: string): boolean =>
  text.endsWith("xx") ? String(status).startsWith(text.slice(0, -2)) : String(status ?? "none").startsWith(text);

/** The exchanges in which the kernel found each text. */
export type Found = ReadonlyMap<string, ReadonlySet<number>>;

function passesWord(exchange: ExchangeSummary, { field, text }: Word, found: Found): boolean {
  const holds = (...parts: (string | number | null)[]): boolean => parts.join(" ").toLowerCase().includes(text);
  switch (field) {
    case "path":
      return holds(exchange.url);
    case "method":
      return holds(exchange.method);
    case "status":
      return passesStatus(exchange.status, text);
    case "from":
      return holds(senderOf(exchange), exchange.source);
    case "ms":
      return passesTime(exchange.elapsed_ms, text);
    case "text":
      return found.get(text)?.has(exchange.id) ?? false;
    default:
      return (
        holds(exchange.method, exchange.url, exchange.operation, exchange.status, exchange.note, senderOf(exchange)) ||
        (found.get(text)?.has(exchange.id) ?? false)
      );
  }
}

/** The exchanges that pass the filter. */
export function filtered(exchanges: ExchangeSummary[], filter: Filter, found: Found): ExchangeSummary[] {
  const words = wordsOf(filter.query);
  return exchanges.filter(
    (exchange) =>
      (filter.from === "all" || exchange.source === filter.from) &&
      (filter.status === "any" || String(exchange.status ?? 500).startsWith(filter.status)) &&
      words.every((word) => passesWord(exchange, word, found)),
  );
}

/** How many came from where. */
export function countBySource(exchanges: ExchangeSummary[]): { [source in Source]: number } {
  const counts = { console: 0, client: 0, server: 0 };
  for (const { source } of exchanges) counts[source]++;
  return counts;
}

/** One line: an exchange, or many that are alike. */
export type Line =
  | { kind: "one"; exchange: ExchangeSummary }
  | { kind: "run"; exchanges: ExchangeSummary[]; key: number; isOpen: boolean };

const MIN_RUN = 10;

const alike = (a: ExchangeSummary, b: ExchangeSummary): boolean =>
  a.operation !== null &&
  a.operation === b.operation &&
  a.status === b.status &&
  a.source === b.source &&
  a.cell === b.cell &&
  a.sender === b.sender &&
  a.note === b.note &&
  a.messages === null &&
  b.messages === null;

/** Lines for exchanges, newest first; ten and more alike in a row are folded.
 *
 * @param opened the keys of runs that are shown one by one. The key of a run is the number of its oldest.
 */
export function linesOf(exchanges: ExchangeSummary[], opened: ReadonlySet<number>): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < exchanges.length; ) {
    let end = start + 1;
    const first = exchanges[start] as ExchangeSummary;
    while (end < exchanges.length && alike(first, exchanges[end] as ExchangeSummary)) end++;
    const run = exchanges.slice(start, end);
    const key = (run.at(-1) as ExchangeSummary).id;
    const isFolded = run.length >= MIN_RUN;
    if (isFolded) lines.push({ kind: "run", exchanges: run, key, isOpen: opened.has(key) });
    if (!isFolded || opened.has(key)) for (const exchange of run) lines.push({ kind: "one", exchange });
    start = end;
  }
  return lines;
}

/** What tells a line from others. */
export const keyOf = (line: Line): string => (line.kind === "one" ? String(line.exchange.id) : `run${line.key}`);
