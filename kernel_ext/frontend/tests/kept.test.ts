/** Expectations in the editor: their texts and values, what a click adds, paths, deltas. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathTo } from "../src/parts/json-tree";
import type { Expectation, TestState } from "../src/protocol";
import { applyTestsDelta, changed, outcomeWords, rowOf, textOf, valueFrom, withPicked, wordsOf } from "../src/tests/expect";

const title: Expectation = { kind: "json", at: "$.title", how: "equals", value: "Emma" };
const status: Expectation = { kind: "status", at: "", how: "equals", value: 201 };

test("a value is written as text and read again", () => {
  const values: Expectation[] = [
    title,
    status,
    { ...status, value: "2xx" },
    { kind: "json", at: "$", how: "contains", value: { a: [1, null] } },
    { kind: "json", at: "$.a", how: "matches", value: "^\\d+$" },
    { kind: "header", at: "etag", how: "equals", value: "5" },
    { kind: "time", at: "", how: "under", value: 50 },
    { kind: "schema", at: "", how: "fits", value: "Book" },
  ];
  for (const one of values) assert.deepEqual(valueFrom(one, textOf(one)), one.value);
  assert.equal(valueFrom(title, "Emma"), "Emma", "a person need not write quotes");
});

test("what a person types is chosen, and its value follows", () => {
  const row = changed(rowOf(title, false), { text: "5" });
  assert.deepEqual([row.isChosen, row.expectation.value], [true, 5]);
  assert.equal(changed(row, { how: "matches" }).expectation.value, "5");
});

test("a click expects a value, at its place once", () => {
  const rows = withPicked([rowOf(status, false), rowOf(title, false)], { ...title, value: "Persuasion" });
  assert.deepEqual(
    rows.map(({ isChosen, expectation }) => [isChosen, expectation.value]),
    [
      [false, 201],
      [true, "Persuasion"],
    ],
  );
  assert.equal(withPicked(rows, { ...title, at: "$.id" }).length, 3);
});

test("paths quote what is no plain name", () => {
  assert.equal(pathTo("$", "title", false), "$.title");
  assert.equal(pathTo("$.a", "0", true), "$.a[0]");
  assert.equal(pathTo("$", 'a "b"', false), '$["a \\"b\\""]');
  assert.equal(pathTo("$", "0", false), '$["0"]', "a name, not an index");
});

test("words say what is expected", () => {
  assert.equal(wordsOf(title), '$.title equals "Emma"');
  assert.equal(wordsOf({ kind: "schema", at: "", how: "fits", value: "declared" }), "fits the declared schema");
});

test("a delta changes, orders and removes tests", () => {
  const made = (name: string, outcome?: "passed" | "failed"): TestState => ({
    name,
    application: "app",
    method: "GET",
    url: "/",
    headers: [],
    body: "",
    fill: [],
    held: {},
    expect: [],
    is_running: false,
    result: outcome
      ? { outcome, problem: "", verdicts: [], status: 200, elapsed_ms: 1, exchange: 1, at: 0 }
      : null,
  });
  const before = { file: "a", folder: "/", problem: "", tests: [made("x"), made("y")] };
  const after = applyTestsDelta(before, {
    type: "delta",
    seq: 1,
    set: [made("z", "passed"), made("y", "failed")],
    order: ["y", "z"],
    problem: "",
    file: "b",
    folder: "/",
  });
  assert.deepEqual(
    after.tests.map(({ name }) => name),
    ["y", "z"],
  );
  assert.equal(outcomeWords(after.tests), "1 passed, 1 failed");
});
