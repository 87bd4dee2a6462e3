/** Expectations in the editor: texts and values, clicks, paths, deltas. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathTo } from "../src/parts/json-tree";
import type { Expectation, SavedTest } from "../src/protocol";
import {
  addExpectation,
  applySavedTestsDelta,
  buildRow,
  changeRow,
  describeActual,
  describeExpectation,
  describeOutcomes,
  formatValue,
  parseValue,
} from "../src/saved_tests/expectations";

const title: Expectation = { kind: "json", target: "$.title", operator: "equals", value: "Emma" };
const status: Expectation = { kind: "status", target: "", operator: "equals", value: 201 };

test("a value is formatted and parsed again", () => {
  const values: Expectation[] = [
    title,
    status,
    { ...status, value: "2xx" },
    { kind: "json", target: "$", operator: "contains", value: { a: [1, null] } },
    { kind: "json", target: "$.a", operator: "matches", value: "^\\d+$" },
    { kind: "header", target: "etag", operator: "equals", value: "5" },
    { kind: "time", target: "", operator: "under", value: 50 },
    { kind: "schema", target: "", operator: "matches", value: "Book" },
  ];
  for (const expectation of values) {
    assert.deepEqual(parseValue(expectation, formatValue(expectation)), expectation.value);
  }
  assert.equal(parseValue(title, "Emma"), "Emma", "quotes are optional");
});

test("a row that is typed into is chosen, and its value follows", () => {
  const row = changeRow(buildRow(title, false), { text: "5" });
  assert.deepEqual([row.isChosen, row.expectation.value], [true, 5]);
  assert.equal(changeRow(row, { operator: "matches" }).expectation.value, "5");
});

test("a click adds an expectation, one for each target", () => {
  const rows = addExpectation([buildRow(status, false), buildRow(title, false)], { ...title, value: "Persuasion" });
  assert.deepEqual(
    rows.map(({ isChosen, expectation }) => [isChosen, expectation.value]),
    [
      [false, 201],
      [true, "Persuasion"],
    ],
  );
  assert.equal(addExpectation(rows, { ...title, target: "$.id" }).length, 3);
});

test("paths quote names that aren't identifiers", () => {
  assert.equal(pathTo("$", "title", false), "$.title");
  assert.equal(pathTo("$.a", "0", true), "$.a[0]");
  assert.equal(pathTo("$", 'a "b"', false), '$["a \\"b\\""]');
  assert.equal(pathTo("$", "0", false), '$["0"]', "a name, not an index");
});

test("an expectation is described, and so is the value it got instead", () => {
  assert.equal(describeExpectation(title), '$.title equals "Emma"');
  assert.equal(describeExpectation({ kind: "schema", target: "", operator: "matches", value: "declared" }), "matches the declared schema");
  assert.equal(describeActual({ is_met: false, actual: "404", problem: "" }), "got 404");
  assert.equal(describeActual({ is_met: false, actual: "", problem: "the body isn't JSON" }), "the body isn't JSON");
});

test("a delta changes, orders and removes tests", () => {
  const made = (name: string, outcome?: "passed" | "failed"): SavedTest => ({
    name,
    application: "app",
    method: "GET",
    url: "/",
    headers: [],
    body: "",
    variables: [],
    signed_in: {},
    expectations: [],
    is_running: false,
    result: outcome
      ? {
          outcome,
          problem: "",
          expectation_results: [],
          status: 200,
          elapsed_ms: 1,
          exchange: 1,
          started_at: 0,
        }
      : null,
  });
  const before = { file: "a", folder: "/", problem: "", tests: [made("x"), made("y")] };
  const after = applySavedTestsDelta(before, {
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
  assert.equal(describeOutcomes(after.tests), "1 passed, 1 failed");
});
