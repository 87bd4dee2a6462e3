/** The waterfall's logic: scale, folding, the first choice, two traces beside each other, lines of Python. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TraceRow, TraceState } from "../src/protocol";
import { branches } from "../src/tree";
import { firstChoice, inMs, lineTimes, linesOf, pythonPieces, tick, visibleLines } from "../src/waterfall";

const row = (level: number, label: string, more: Partial<TraceRow> = {}): TraceRow => ({
  level,
  label,
  is_code: true,
  note: "",
  what: "dependency",
  band: "yours",
  start_ms: 0,
  elapsed_ms: 1,
  extent: null,
  is_after: false,
  line: 0,
  cell: null,
  file: null,
  facts: [],
  is_failure: false,
  ...more,
});

const trace = (...rows: TraceRow[]): TraceState => ({
  id: 1,
  operation: "GET /",
  method: "GET",
  url: "/",
  status: 200,
  reason: "OK",
  source: "console",
  at: "14:02:11",
  is_traced: true,
  sent_ms: 1,
  total_ms: 1,
  sums: {},
  rows,
  function: "",
  others: [],
  stale: "",
});

test("marks are round, and the last is not before the end", () => {
  for (const total of [0.0004, 0.37, 1, 9.99, 19.6, 20, 130, 99_999]) {
    const step = tick(total);
    assert.ok(step * 4 >= total * 0.999 && step * 4 <= total * 2.6 + 0.001, `${total}: ${step}`);
    const digits = Number((step / 10 ** Math.floor(Math.log10(step))).toFixed(6));
    assert.ok([1, 2, 2.5, 5, 10].includes(digits), `${total}: ${step}`);
  }
});

test("times are told as far as they matter", () => {
  assert.deepEqual([0, 0.001, 0.05, 12.345, 1234.5].map(inMs), ["0.00", "<0.01", "0.05", "12.35", "1235"]);
});

test("what is below a closed row is hidden, and what comes after it is not", () => {
  const lines = linesOf(trace(row(1, "a"), row(2, "b"), row(3, "c"), row(2, "d"), row(1, "e")), null);
  assert.deepEqual(
    lines.map(({ isParent }) => isParent),
    [true, true, false, false, false],
  );
  const shown = (...closed: number[]): string[] => visibleLines(lines, new Set(closed)).map((line) => line.row.label);
  assert.deepEqual(shown(), ["a", "b", "c", "d", "e"]);
  assert.deepEqual(shown(1), ["a", "b", "d", "e"]);
  assert.deepEqual(shown(0, 1), ["a", "e"]);
});

test("the step that failed is chosen first, else the user's own that took longest", () => {
  const slow = row(1, "slow", { elapsed_ms: 9 });
  const compile = row(1, "compile", { band: "ours", elapsed_ms: 50 });
  assert.equal(firstChoice([compile, row(1, "a"), slow]), 2);
  assert.equal(firstChoice([compile, slow, row(1, "bad", { is_failure: true })]), 2);
  assert.equal(firstChoice([row(1, "group", { band: "line", elapsed_ms: 90 }), compile]), 1);
  assert.equal(firstChoice([]), 0);
});

test("steps of two traces stand beside each other, whatever their status, and what only one has stays in its place", () => {
  const ours = trace(row(1, "match"), row(1, "deps"), row(2, "user"), row(2, "db"), row(1, "send 200"));
  const theirs = trace(row(1, "match"), row(1, "compile"), row(1, "deps"), row(2, "db"), row(1, "send 422"));
  const told = linesOf(ours, theirs).map(({ row, other, isOther }) => [row.label, other?.label ?? null, isOther]);
  assert.deepEqual(told, [
    ["match", "match", false],
    ["compile", "compile", true],
    ["deps", "deps", false],
    ["user", null, false],
    ["db", "db", false],
    ["send 200", "send 422", false],
  ]);
});

test("a callable that stands at several places keeps its places", () => {
  const both = trace(row(1, "a"), row(2, "db"), row(1, "b"), row(2, "db"), row(1, "db"), row(1, "db"));
  assert.ok(linesOf(both, both).every(({ row, other }, index) => other === both.rows[index] && row === other));
});

test("a line takes what its steps take; a cached result takes nothing", () => {
  const rows = [
    row(1, "db", { line: 3, elapsed_ms: 2 }),
    row(1, "db", { line: 3, elapsed_ms: 1, is_after: true }),
    row(1, "db", { line: 4, band: "hit", elapsed_ms: null }),
  ];
  assert.deepEqual([...lineTimes(rows)], [[3, 3]]);
});

test("Python is told in pieces that make the line again", () => {
  const lines = [
    "async def serve(scope):  # it's a comment",
    `await send({'type': 'http.response.start', "n": b'%d' % 200})`,
    `"""GET /, File "x", line 3"""`,
    "",
    "<script>alert('x')</script>",
  ];
  for (const line of lines) assert.equal(pythonPieces(line).map(({ text }) => text).join(""), line);
  assert.deepEqual(
    pythonPieces(lines[0] ?? "").filter(({ kind }) => kind),
    [
      { text: "async", kind: "tok-keyword" },
      { text: "def", kind: "tok-keyword" },
      { text: "# it's a comment", kind: "tok-comment" },
    ],
  );
});

test("a list of nodes with levels is a tree", () => {
  const nodes = [0, 1, 2, 2, 1].map((level, index) => ({ level, name: `n${index}` }) as never);
  const told = (list: ReturnType<typeof branches>): unknown[] =>
    list.map(({ number, below }) => (below.length ? [number, told(below)] : number));
  assert.deepEqual(told(branches(nodes)), [[0, [[1, [2, 3]], 4]]]);
});
