import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_ITEMS, Stream } from "../src/stream";

const piece = (text: string, media_type = "text/event-stream", elapsed_ms = 1) => ({
  status: 200,
  media_type,
  text,
  elapsed_ms,
  is_all: true,
});

test("an event that comes in two pieces is one item, at the time of its end", () => {
  const stream = new Stream();
  stream.add(piece("event: price\nda", undefined, 5));
  stream.add(piece("ta: 1\ndata: 2\nid: 7\n\n", undefined, 9));
  assert.deepEqual(stream.items, [{ at: 9, type: "price", id: "7", text: "1\n2" }]);
});

test("line ends of all kinds, comments and events without data are read as the standard says", () => {
  const stream = Stream.of("text/event-stream", ": hello\r\n\r\nevent: empty\r\n\r\ndata:no space\r\n\r\n");
  assert.deepEqual(
    stream.items.map(({ type, text }) => [type, text]),
    [
      ["comment", "hello"],
      ["message", "no space"],
    ],
  );
});

test("JSON lines are items; the last needs no line end", () => {
  const stream = Stream.of("application/jsonl", '{"a": 1}\n\n{"a": 2}');
  assert.deepEqual(
    stream.items.map(({ text }) => text),
    ['{"a": 1}', '{"a": 2}'],
  );
});

test("other text is shown piece by piece", () => {
  const stream = new Stream();
  stream.add(piece("one\ntwo", "text/plain"));
  stream.add(piece("three", "text/plain"));
  assert.equal(stream.items.length, 2);
});

test("a long stream keeps its end and its count", () => {
  const stream = new Stream();
  stream.add(piece("data: x\n\n".repeat(MAX_ITEMS + 5)));
  assert.equal(stream.items.length, MAX_ITEMS);
  assert.equal(stream.count, MAX_ITEMS + 5);
});
