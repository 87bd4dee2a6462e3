import assert from "node:assert/strict";
import { test } from "node:test";
import { NumberText, isSame, numberFrom, parse, pointer, print, tokens, valueAt } from "../src/json";

const read = (text: string) => {
  const parsed = parse(text);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.words);
  return parsed;
};

test("a document read and printed says the same", () => {
  for (const text of [
    "null",
    "true",
    '"a\\nb"',
    "[]",
    "{}",
    "-1.5",
    '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}',
  ]) {
    assert.equal(print(read(text).value), text);
  }
});

test("numbers that JavaScript would change stay as they were typed", () => {
  for (const text of ["1.0", "12345678901234567890", "1e400", "0.10"]) assert.equal(print(read(text).value), text);
  assert.equal(numberFrom(" 9.99 "), 9.99);
  assert.equal(numberFrom("abc"), undefined);
  assert.equal(numberFrom("01"), undefined, "a leading zero is no JSON number");
});

test("a name that means something to JavaScript is a name like any other", () => {
  const { value } = read('{"__proto__": 1, "constructor": 2}');
  assert.equal(print(value, 0), '{"__proto__": 1, "constructor": 2}');
  assert.equal(valueAt(value, "/toString"), undefined);
});

test("every value's place is known by its pointer", () => {
  const text = '{"a/b": [10, {"~": "x"}]}';
  const { spans } = read(text);
  const at = (where: string) => text.slice(spans.get(where)?.start, spans.get(where)?.end);
  assert.equal(at("/a~1b/0"), "10");
  assert.equal(at("/a~1b/1/~0"), '"x"');
});

test("pointers and their tokens are inverse", () => {
  for (const token of ["a", "", "a/b", "~1", "m~n", "0"]) assert.deepEqual(tokens(pointer("/x", token)), ["x", token]);
});

const BROKEN: [string, string, number, number][] = [
  ['{ "title": "F",\n  "price": 9.99\n  "isbn": "9" }', "a comma is missing after 9.99", 2, 16],
  ['{"a": abc}', "abc needs double quotes, or is no JSON value", 1, 7],
  ['{"a": }', "a value is missing before }", 1, 7],
  ["{'a': 1}", "a name in double quotes is due; 'a': stands there", 1, 2],
  ['{"a" 1}', 'a colon is missing after "a"', 1, 6],
  ["[1, 2,]", "a comma may not stand before ]", 1, 7],
  ["[1", "the [ here is never closed", 1, 1],
  ['"abc', "this text is never closed, or has a line break or a bad \\ escape in it", 1, 1],
  ["1 2", "nothing may follow the value; 2 does", 1, 3],
  ["", "it ends where a value is due", 1, 1],
];

for (const [text, words, line, column] of BROKEN) {
  test(`what is no JSON is told with its place: ${words}`, () => {
    const broken = parse(text);
    assert.ok(!broken.ok);
    assert.deepEqual([broken.words, broken.line, broken.column], [words, line, column]);
  });
}

test("nesting beyond measure is refused, not a crash", () => {
  const broken = parse("[".repeat(100_000));
  assert.ok(!broken.ok && /nested/.test(broken.words));
});

test("a text of megabytes is read in linear time", () => {
  const text = JSON.stringify({ a: "x".repeat(4_000_000), b: '"\\'.repeat(200_000) });
  const start = performance.now();
  read(text);
  assert.ok(performance.now() - start < 2000);
});

test("what would be invisible is printed as an escape", () => {
  assert.equal(print("a\u202eb"), '"a\\u202eb"');
});

test("values are compared by what they say", () => {
  assert.ok(isSame({ a: [1, new NumberText("1.0")] }, { a: [1, new NumberText("1.0")] }));
  assert.ok(!isSame(new NumberText("1.0"), 1));
  assert.ok(!isSame([1], { 0: 1 }));
});
