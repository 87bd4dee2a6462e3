/** Runs of the load generator as their view reads them: the state after a delta, comparison, the plot's shapes. Pure. */
import type { Plan } from "./bench-store";
import { bodyText, headersOf } from "./code";
import type { BenchDelta, BenchFigures, BenchRun, BenchState, SendArguments } from "./protocol";
import { address } from "./request";

/** The state after a delta. */
export function applyBench(state: BenchState, delta: BenchDelta): BenchState {
  const byId = new Map(state.runs.map((run) => [run.id, run]));
  for (const id of delta.removed ?? []) byId.delete(id);
  for (const run of delta.set ?? []) byId.set(run.id, run);
  const runs = delta.set || delta.removed ? [...byId.values()] : state.runs;
  return { name: delta.name ?? state.name, runs, shown: delta.shown === undefined ? state.shown : delta.shown };
}

export const isUnderWay = ({ status }: BenchRun): boolean => status === "warming" || status === "running";

/** The last run before this one of the same request in the same way that has figures. */
export const formerOf = (run: BenchRun, runs: BenchRun[]): BenchRun | undefined =>
  runs
    .filter(({ id, figures }) => id < run.id && figures !== null)
    .filter((other) => other.label === run.label && other.arguments.served === run.arguments.served)
    .at(-1);

/** A time with three figures: "5.16 µs", "2.31 ms", "1.20 s". */
export function time(us: number): string {
  const [value, unit] = us >= 1e6 ? [us / 1e6, "s"] : us >= 1000 ? [us / 1000, "ms"] : [us, "µs"];
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

export const rate = (perSecond: number): string => `${Math.round(perSecond).toLocaleString("en")}/s`;

export const median = ({ percentiles }: BenchFigures): number =>
  percentiles.find(([percent]) => percent === 50)?.[1] ?? 0;

/** Whether two runs differ by more than the parts of each of them do. */
export const isClear = (one: BenchFigures, other: BenchFigures): boolean =>
  one.spread_us[1] < other.spread_us[0] || other.spread_us[1] < one.spread_us[0];

/** One value beside another: "× 1.80", "the same". */
export function ratioWords(one: number, other: number): string {
  if (!one || !other) return "";
  const ratio = one / other;
  if (Math.abs(ratio - 1) < 0.01) return "the same";
  return `× ${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)}`;
}

export interface Plot {
  /** Buckets from the first to the last that any run has. */
  low: number;
  high: number;
  bars: { x: number; width: number; height: number; count: number; from: number; to: number }[];
  /** The former run, as the steps of an outline: an SVG path. */
  outline: string;
  ticks: { x: number; label: string }[];
  /** Where the percentiles stand. */
  marks: { x: number; label: string }[];
}

export const BUCKETS_PER_DECADE = 20;
const TICKS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [10 ** power, 3 * 10 ** power]);
const start = (bucket: number): number => 10 ** (bucket / BUCKETS_PER_DECADE);

/** The shapes of a distribution, and of a former one over it, in a box; each is drawn to its own greatest share. */
export function plotOf(figures: BenchFigures, former: BenchFigures | null, width: number, height: number): Plot {
  const all = [...figures.buckets, ...(former?.buckets ?? [])].map(([bucket]) => bucket);
  const low = Math.min(...all) - 1;
  const high = Math.max(...all) + 2;
  const unit = width / (high - low);
  const shares = [figures, former].flatMap((one) => one?.buckets.map(([, count]) => count / one.count) ?? []);
  const share = Math.max(...shares);
  const tall = (count: number, total: number): number => (height * count) / total / share;
  const x = (us: number): number => (Math.log10(us) * BUCKETS_PER_DECADE - low) * unit;
  return {
    low,
    high,
    bars: figures.buckets.map(([bucket, count]) => ({
      x: (bucket - low) * unit,
      width: unit,
      height: tall(count, figures.count),
      count,
      from: start(bucket),
      to: start(bucket + 1),
    })),
    outline: former ? steps(former, low, high, unit, (count) => height - tall(count, former.count), height) : "",
    ticks: TICKS.map((us) => ({ x: x(us), label: time(us).replace(/\.0+ /, " ") })).filter(
      (tick) => tick.x >= 0 && tick.x <= width - 30,
    ),
    marks: figures.percentiles.map(([percent, us]) => ({ x: x(us), label: `p${percent}` })),
  };
}

function steps(
  { buckets }: BenchFigures,
  low: number,
  high: number,
  unit: number,
  y: (count: number) => number,
  height: number,
): string {
  const counts = new Map(buckets);
  let path = `M0 ${height}`;
  for (let bucket = low; bucket < high; bucket++) {
    path += `V${y(counts.get(bucket) ?? 0).toFixed(1)}H${((bucket + 1 - low) * unit).toFixed(1)}`;
  }
  return `${path}V${height}`;
}

/** Throughput over a run as a line: an SVG path. */
export function lineOf(series: number[], most: number, width: number, height: number): string {
  if (series.length < 2 || !most) return "";
  const step = width / (series.length - 1);
  return series
    .map((value, index) => [index * step, height - (height * value) / most].map((at) => at.toFixed(1)).join(" "))
    .map((point, index) => `${index ? "L" : "M"}${point}`)
    .join("");
}

/** A request of the explorer as the next run: what to send, and the operation that says which credentials go along. */
export function planOf(request: SendArguments): Pick<Plan, "method" | "target" | "headers" | "body" | "operation" | "like"> {
  return {
    method: request.method,
    target: address(request),
    headers: headersOf(request)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n"),
    body: request.body.kind === "multipart" ? "" : bodyText(request.body),
    operation: request.operation,
    like: null,
  };
}

/** Headers as a person writes them, a line each; what has no colon is told. */
export function readHeaders(text: string): [string, string][] | string {
  const headers: [string, string][] = [];
  for (const line of text.split("\n").filter((line) => line.trim())) {
    const at = line.indexOf(":");
    if (at < 1) return `“${line.trim()}” is no header: write “Name: value”.`;
    headers.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return headers;
}
