/** The log's pure parts: deltas, filters, runs, comparison, a request edited. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "../src/log/compare";
import { editable, forCode, headerLines, headersFrom } from "../src/log/resend";
import { NO_FILTER, applyLogDelta, filtered, linesOf, textsOf } from "../src/log/rows";
import type { ExchangeDetail, ExchangeState, ExchangeSummary, LogState, Payload } from "../src/protocol";

const summary = (id: number, more: Partial<ExchangeSummary> = {}): ExchangeSummary => ({
  id,
  application: "app",
  operation: "GET /books/{id}",
  source: "client",
  sender: "",
  cell: "[3]",
  method: "GET",
  url: `/books/${id}`,
  status: 200,
  started_at: 0,
  elapsed_ms: id,
  size_bytes: 10,
  messages: null,
  is_open: false,
  is_cancelled: false,
  note: "",
  level: "quiet",
  ...more,
});

const log = (...exchanges: ExchangeSummary[]): LogState => ({
  exchanges,
  total: exchanges.length,
  size_bytes: 0,
  max_count: 9,
  max_bytes: 9,
});

const json = (value: unknown): Payload => {
  const text = JSON.stringify(value);
  return { media_type: "application/json", size_bytes: text.length, text, is_truncated: false };
};

const detail = (id: number, more: Partial<ExchangeState>): ExchangeDetail => ({
  summary: summary(id),
  exchange: {
    id,
    operation: null,
    source: "client",
    method: "POST",
    url: "/books?a=1",
    request_headers: [["host", `h${id}`]],
    request_body: null,
    status: 200,
    reason: "OK",
    response_headers: [["date", String(id)]],
    response_body: null,
    elapsed_ms: id,
    issues: [],
    advice: [],
    failure: null,
    raised: null,
    ...more,
  },
  output: "",
  transcript: null,
  steps: 0,
  request: null,
  hidden: [],
  refusal: "",
});

const ids = (exchanges: ExchangeSummary[]): number[] => exchanges.map(({ id }) => id);

test("a delta adds, renews and lets go, in the order of the numbers", () => {
  const after = applyLogDelta(log(summary(1), summary(3), summary(4)), {
    type: "delta",
    seq: 1,
    set: [summary(5), summary(2), summary(4, { is_open: true })],
    removed: [1],
    total: 7,
    size_bytes: 70,
  });
  assert.deepEqual(ids(after.exchanges), [2, 3, 4, 5]);
  assert.equal(after.exchanges[2]?.is_open, true);
  assert.equal(after.total, 7);
});

test("words and fields filter together", () => {
  const all = [
    summary(1, { url: "/books/latest", status: 422, note: "book_id must be a whole number" }),
    summary(2, { source: "server", sender: "curl 8.5", method: "POST", elapsed_ms: 50 }),
    summary(3, { status: null, source: "console" }),
    summary(4, { url: "/orders", status: 500 }),
  ];
  const pass = (query: string, more = {}, found = new Map<string, Set<number>>()): number[] =>
    ids(filtered(all, { ...NO_FILTER, query, ...more }, found));
  assert.deepEqual(pass("LATEST whole"), [1]);
  assert.deepEqual(pass("path:/books method:post"), [2]);
  assert.deepEqual(pass("status:4xx"), [1]);
  assert.deepEqual(pass("ms:>10"), [2]);
  assert.deepEqual(pass("ms:<3"), [1]);
  assert.deepEqual(pass("from:curl"), [2]);
  assert.deepEqual(pass("", { from: "console" }), [3]);
  assert.deepEqual(pass("", { status: "5" }), [3, 4]);
  assert.deepEqual(pass("shelley", {}, new Map([["shelley", new Set([4])]])), [4]);
  assert.deepEqual(pass("text:orders"), [], "only what the kernel found");
  assert.deepEqual(pass("http://x"), [], "an unknown field is a word");
});

test("the kernel is asked for what bodies may hold", () => {
  assert.deepEqual(textsOf('Shelley path:/books text:"Mary  S" status:5xx'), ["shelley", "mary  s"]);
});

test("ten and more alike in a row are one line until they are opened", () => {
  const exchanges = [summary(20, { status: 404 }), ...Array.from({ length: 12 }, (_, n) => summary(15 - n)), summary(1, { note: "x" })];
  const folded = linesOf(exchanges, new Set());
  assert.deepEqual(
    folded.map((line) => (line.kind === "run" ? `${line.exchanges.length} from ${line.key}` : line.exchange.id)),
    [20, "12 from 4", 1],
  );
  assert.equal(linesOf(exchanges, new Set([4])).length, 15);
  assert.equal(linesOf(exchanges.slice(0, 9), new Set()).length, 9);
});

test("two exchanges are compared value by value; what passes with every request is left out", () => {
  const a = detail(1, { request_body: json({ author: { born: "1797" }, tags: ["a", "b"], same: 1 }), status: 422 });
  const b = detail(2, { request_body: json({ author: { born: 1797 }, tags: ["a"], same: 1 }), url: "/books?a=2" });
  const { request, response } = compare(a, b);
  assert.deepEqual(request.differences, [
    { place: "?a", a: "1", b: "2" },
    { place: "author.born", a: '"1797"', b: "1797" },
    { place: "tags[1]", a: '"b"', b: null },
  ]);
  assert.equal(request.same, 4);
  assert.deepEqual(response.differences, [{ place: "status", a: "422 OK", b: "200 OK" }]);
});

test("bodies that have nothing in common are told by their outline", () => {
  const a = detail(1, { response_body: json({ detail: [1, 2] }) });
  const b = detail(2, { response_body: json({ id: 5, title: "Emma" }) });
  assert.deepEqual(compare(a, b).response.differences, [{ place: "body", a: "{detail}", b: "{id, title}" }]);
  assert.deepEqual(compare(a, detail(3, {})).response.differences, [{ place: "body", a: "{detail}", b: null }]);
});

test("headers are read from lines as they are written", () => {
  const headers: [string, string][] = [
    ["x-a", "1: 2"],
    ["x-b", ""],
  ];
  assert.deepEqual(headersFrom(headerLines(headers)), { headers, bad: null });
  assert.equal(headersFrom("x-a: 1\n\nnonsense").bad, "nonsense");
});

test("as code a request has what a client does not write by itself, and names for what was hidden", () => {
  const kept = detail(1, {});
  kept.request = {
    application: "app",
    method: "POST",
    url: "/books?q=a%20b&token=•••",
    headers: [
      ["host", "x"],
      ["accept", "*/*"],
      ["content-type", "application/json"],
      ["authorization", "Bearer •••"],
    ],
    text: "{}",
  };
  assert.deepEqual(forCode(kept), {
    operation: "GET /books/{id}",
    method: "POST",
    path: "/books",
    path_params: {},
    query: [
      ["q", "a b"],
      ["token", "<token>"],
    ],
    headers: [["authorization", "Bearer <authorization>"]],
    cookies: [],
    body: { kind: "text", text: "{}", content_type: "application/json" },
  });
});

test("a JSON body is edited line by line, its numbers as they were sent; other bodies as they are", () => {
  const body = (type: string, text: string): string =>
    editable({ application: "app", method: "POST", url: "/", headers: [["Content-Type", type]], text });
  assert.equal(body("application/json", '{"a":1.0,"b":[]}'), '{\n  "a": 1.0,\n  "b": []\n}');
  assert.equal(body("application/problem+json; charset=utf-8", "[1]"), "[\n  1\n]");
  assert.equal(body("application/json", '{"a":'), '{"a":');
  assert.equal(body("text/plain", '{"a":1}'), '{"a":1}');
});
