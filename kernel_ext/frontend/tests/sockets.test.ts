import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionState, SocketMessageState, SocketsState } from "../src/protocol";
import { applySockets, bytesFromHex, closeProblem, endWords, hexDump, lineOf, listed } from "../src/socket-live";

const message = (number: number): SocketMessageState => ({
  number,
  sender: "client",
  text: String(number),
  size_bytes: 1,
  is_cut: false,
  at_ms: number,
});
const connection = (id: number, more: Partial<ConnectionState> = {}): ConnectionState => ({
  id,
  operation: "WEBSOCKET /ws",
  url: "/ws",
  subprotocols: [],
  subprotocol: null,
  status: "open",
  started_at: 0,
  elapsed_ms: null,
  message_count: 0,
  first: 1,
  messages: [],
  sent_bytes: 0,
  received_bytes: 0,
  end: null,
  issues: [],
  exchange: null,
  error: null,
  note: "",
  ...more,
});
const state = (...connections: ConnectionState[]): SocketsState => ({
  name: "app",
  title: "T",
  credentials: {},
  operations: [],
  components: {},
  connections,
});

test("a delta's messages follow those that are known, and those that are kept no longer go", () => {
  const before = state(connection(1, { messages: [message(1), message(2)], message_count: 2 }), connection(2));
  const changed = connection(1, { messages: [message(3), message(4)], message_count: 4, first: 2 });
  const after = applySockets(before, { type: "delta", seq: 1, set: [changed, connection(3)] });
  assert.deepEqual(
    after.connections[0]?.messages.map(({ number }) => number),
    [2, 3, 4],
  );
  assert.deepEqual(
    after.connections.map(({ id }) => id),
    [1, 2, 3],
  );
  assert.equal(after.connections[1], before.connections[1]);
});

test("forgotten connections go, and what a delta does not name stays the same object", () => {
  const before = state(connection(1), connection(2));
  const after = applySockets(before, { type: "delta", seq: 1, removed: [1], info: { title: "New" } });
  assert.deepEqual(
    after.connections.map(({ id }) => id),
    [2],
  );
  assert.equal(after.title, "New");
  assert.equal(applySockets(before, { type: "delta", seq: 1 }).connections, before.connections);
});

test("hexadecimal digits are read as people write them, and what is wrong is said", () => {
  assert.deepEqual(bytesFromHex("0x48 65:6C\n"), Uint8Array.of(0x48, 0x65, 0x6c));
  assert.deepEqual(bytesFromHex(""), new Uint8Array());
  assert.match(bytesFromHex("48 6g") as string, /“g” is no hexadecimal digit/);
  assert.match(bytesFromHex("486") as string, /one is missing/);
});

test("bytes are shown sixteen in a line with their ASCII", () => {
  const lines = hexDump(Uint8Array.from({ length: 18 }, (_, index) => 0x3e + index)).split("\n");
  assert.equal(lines[0], `000000  ${"3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d"}  >?@ABCDEFGHIJKLM`);
  assert.match(lines[1] ?? "", /^000010 {2}4e 4f +NO$/);
  const { text: _text, ...bytes } = message(1);
  assert.equal(lineOf({ ...bytes, base64: btoa("\0\xff") }), "00 ff");
});

test("codes that no close frame carries are refused", () => {
  for (const code of ["1005", "1006", "1015", "999", "2000", "5000", "10000", "abc", ""]) {
    assert.ok(closeProblem(code, ""), code);
  }
  for (const code of ["1000", "1011", "3000", "4999"]) assert.equal(closeProblem(code, "bye"), null, code);
  assert.match(closeProblem("1000", "é".repeat(62)) ?? "", /124 bytes/);
});

test("an end is told in words", () => {
  const end = { code: 4000, reason: "enough", by: "application" as const, words: "" };
  assert.equal(endWords(connection(1, { status: "closed", end })), "closed by the application with 4000 “enough”");
  assert.equal(endWords(connection(1, { status: "refused", end })), "refused");
  assert.equal(endWords(connection(1)), "open");
});

test("subprotocols are listed with commas or spaces", () => assert.deepEqual(listed(" a, b  c,"), ["a", "b", "c"]));
