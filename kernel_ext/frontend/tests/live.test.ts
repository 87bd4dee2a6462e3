import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, applyDelta, byTag, successor } from "../src/live";
import type { AppState, DeltaMessage, OperationState } from "../src/protocol";

const operation = (id: string, more: Partial<OperationState> = {}): OperationState => {
  const [method = "", path = ""] = id.split(" ");
  return { id, method, path, tags: [], summary: "", deprecated: false, operation: {}, cell: null, marks: [], ...more };
};
const app = (...ids: string[]): AppState => ({
  name: "app",
  title: "T",
  version: "1",
  description: "",
  operations: ids.map((id) => operation(id)),
  sockets: [],
  components: {},
  server: { status: "stopped", url: null, message: null },
  credentials: {},
  exchange_count: 0,
    revision: 0,
});
const delta = (change: Partial<DeltaMessage>): DeltaMessage => ({ type: "delta", seq: 1, ...change });
const ids = (state: AppState) => state.operations.map(({ id }) => id);

test("a changed operation keeps its place", () => {
  const after = applyDelta(app("GET /a", "GET /b"), delta({ set: [operation("GET /a", { summary: "new" })] }));
  assert.deepEqual(ids(after), ["GET /a", "GET /b"]);
  assert.equal(after.operations[0]?.summary, "new");
});

test("the order is the kernel's", () => {
  const after = applyDelta(
    app("GET /a", "GET /b"),
    delta({ set: [operation("GET /c")], removed: ["GET /a"], order: ["GET /c", "GET /b", "GET /unknown"] }),
  );
  assert.deepEqual(ids(after), ["GET /c", "GET /b"]);
});

test("what a delta does not name stays the very same object", () => {
  const before = app("GET /a");
  const after = applyDelta(before, delta({ exchange_count: 3, info: { title: "New" } }));
  assert.equal(after.operations, before.operations);
  assert.deepEqual([after.title, after.version, after.exchange_count], ["New", "1", 3]);
});

test("an operation whose path changed has a successor, where it is clear which", () => {
  const before = app("GET /a", "GET /b").operations;
  assert.equal(successor("GET /a", delta({ removed: ["GET /a"], set: [operation("GET /c")] }), before), "GET /c");
  assert.equal(successor("GET /a", delta({ removed: ["GET /a"], set: [operation("GET /b")] }), before), null);
  assert.equal(successor("GET /a", delta({ removed: ["GET /a", "GET /b"], set: [operation("GET /c")] }), before), null);
});

test("operations stand under their first tag, those without one at the end", () => {
  const operations = [
    operation("GET /x"),
    operation("GET /a", { tags: ["a"] }),
    operation("GET /b", { tags: ["b", "a"] }),
    operation("GET /a2", { tags: ["a"] }),
  ];
  assert.deepEqual(
    byTag(operations).map(([tag, found]) => [tag, found.length]),
    [
      ["a", 2],
      ["b", 1],
      ["", 1],
    ],
  );
});

test("a search finds method, path, tag and summary, every word of it", () => {
  const found = operation("POST /books", { tags: ["shop"], summary: "Add a book" });
  for (const query of ["post", "/BOOKS", "shop add", "book"]) assert.ok(answers(found, query), query);
  assert.ok(!answers(found, "post author"));
});
