import assert from "node:assert/strict";
import { test } from "node:test";
import { applyBench, formerOf, isClear, planOf, plotOf, ratioWords, readHeaders, time } from "../src/bench-live";
import type { BenchFigures, BenchRun, BenchState, SendArguments } from "../src/protocol";

const figures = (buckets: [number, number][], spread: [number, number] = [10, 11]): BenchFigures => ({
  count: buckets.reduce((sum, [, count]) => sum + count, 0),
  duration_s: 1,
  throughput: 100,
  min_us: 5,
  mean_us: 10,
  max_us: 1000,
  percentiles: [
    [50, 10],
    [99, 100],
  ],
  spread_us: spread,
  buckets,
  series: [1, 2],
  statuses: [[200, 3]],
  errors: [],
  size_bytes: 0,
});
const run = (id: number, more: Partial<BenchRun> = {}, served = false): BenchRun => ({
  id,
  label: "GET /",
  arguments: {
    method: "GET",
    target: "/",
    headers: [],
    body: null,
    count: 1,
    concurrency: 1,
    warm_up: 1,
    served,
  },
  status: "done",
  started_at: 0,
  done: 0,
  message: "",
  measured: [],
  figures: figures([[20, 3]]),
  ...more,
});

test("a delta replaces a run in its place and adds new ones at the end", () => {
  const state: BenchState = { name: "app", runs: [run(1), run(2)], shown: 2 };
  const after = applyBench(state, { type: "delta", seq: 1, set: [run(1, { done: 5 }), run(3)], removed: [2], shown: 3 });
  assert.deepEqual(
    after.runs.map(({ id, done }) => [id, done]),
    [
      [1, 5],
      [3, 0],
    ],
  );
  assert.equal(after.shown, 3);
  assert.equal(applyBench(state, { type: "delta", seq: 2, shown: null }).shown, null);
});

test("the former run is of the same request, in the same way, and has figures", () => {
  const runs = [run(1), run(2, { label: "GET /x" }), run(3, {}, true), run(4, { figures: null }), run(5)];
  assert.equal(formerOf(runs[4] as BenchRun, runs)?.id, 1);
  assert.equal(formerOf(runs[0] as BenchRun, runs), undefined);
});

test("a difference is clear where the parts of the runs do not overlap", () => {
  assert.ok(isClear(figures([[1, 1]], [10, 11]), figures([[1, 1]], [12, 13])));
  assert.ok(!isClear(figures([[1, 1]], [10, 12]), figures([[1, 1]], [11, 13])));
});

test("the plot's bars stand where their latencies do, and two runs share the axis", () => {
  const plot = plotOf(figures([[20, 3], [22, 1]]), figures([[40, 2]]), 400, 100);
  assert.deepEqual([plot.low, plot.high], [19, 42]);
  assert.equal(plot.bars[0]?.x, 400 / 23);
  assert.equal(plot.bars[0]?.height, 75); // three of four; the former's two of two are the greatest share
  assert.equal(plot.marks[0]?.x, 400 / 23); // 10 µs begin bucket 20
  assert.match(plot.outline, /^M0 100V100\.0H/);
  assert.match(plot.outline, /V0\.0H/);
  assert.deepEqual(
    plot.ticks.map(({ label }) => label),
    ["10 µs", "30 µs", "100 µs"],
  );
});

test("times have three figures and ratios words", () => {
  assert.deepEqual([5.164, 51.64, 516.4, 2310, 1.2e6].map(time), ["5.16 µs", "51.6 µs", "516 µs", "2.31 ms", "1.20 s"]);
  assert.deepEqual([ratioWords(2, 1), ratioWords(1, 1.001), ratioWords(1, 0)], ["× 2.00", "the same", ""]);
});

test("headers are read a line each", () => {
  assert.deepEqual(readHeaders("A: b\n\n c : d:e "), [
    ["A", "b"],
    ["c", "d:e"],
  ]);
  assert.match(readHeaders("nothing") as string, /is no header/);
});

test("the explorer's request is the next run's", () => {
  const request: SendArguments = {
    operation: "PUT /items/{id}",
    method: "PUT",
    path: "/items/{id}",
    path_params: { id: "a b" },
    query: [["q", "1"]],
    headers: [["X-Trace", "7"]],
    cookies: [["theme", "dark"]],
    body: { kind: "form", fields: [["name", "Emma & co"]] },
  };
  assert.deepEqual(planOf(request), {
    method: "PUT",
    target: "/items/a%20b?q=1",
    headers: "X-Trace: 7\ncookie: theme=dark\ncontent-type: application/x-www-form-urlencoded",
    body: "name=Emma%20%26%20co",
    operation: "PUT /items/{id}",
    like: null,
  });
  assert.equal(planOf({ ...request, body: { kind: "json", text: "[1]" } }).body, "[1]");
});
