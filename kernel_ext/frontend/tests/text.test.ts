import assert from "node:assert/strict";
import { test } from "node:test";
import { readText } from "../src/form/controls";
import { blocks } from "../src/parts/markdown";
import { matching } from "../src/pattern";
import { duration, plural, shorten, size, visible } from "../src/words";

test("controls that hide or turn text are shown by their number", () => {
  assert.equal(visible("a\u202egpj.exe\u0000\n\tb"), "a⟨202E⟩gpj.exe⟨0000⟩\n\tb");
});

test("sizes, times and counts", () => {
  assert.deepEqual([size(0), size(999), size(1500), size(5_000_000)], ["0 B", "999 B", "1.5 kB", "5.0 MB"]);
  assert.deepEqual([duration(0.42), duration(12.9), duration(2400)], ["0.4 ms", "13 ms", "2.4 s"]);
  assert.deepEqual(
    [plural(1, "header"), plural(3, "value was", "values were"), shorten("abcd", 2)],
    ["1 header", "3 values were", "ab…"],
  );
});

test("what is typed in a field is a value of its kind, or else the text itself", () => {
  assert.equal(readText("9.5", "number"), 9.5);
  assert.equal(readText("abc", "number"), "abc");
  assert.equal(readText("", "number"), undefined);
  assert.equal(readText("5", "text"), "5");
  assert.equal(readText("", "text"), "");
  assert.deepEqual(readText("[1", "any"), "[1");
  assert.deepEqual(readText("[1]", "any"), [1]);
});

test("a description is paragraphs, lists and code; markup stays text", () => {
  assert.deepEqual(blocks("# Head\nOne\ntwo\n\n- a\n- b\n\n1. c\n\n```\n<b>x</b>\n```\n<script>"), [
    { kind: "heading", text: "Head" },
    { kind: "paragraph", text: "One two" },
    { kind: "list", items: ["a", "b"], isOrdered: false },
    { kind: "list", items: ["c"], isOrdered: true },
    { kind: "code", text: "<b>x</b>" },
    { kind: "paragraph", text: "<script>" },
  ]);
});

const PATTERNS = [
  "^97[89]\\d{10}$",
  "^[a-z0-9-]+$",
  "[A-Z]{2,3}",
  "^(?:red|green)$",
  "^\\w+@\\w+\\.[a-z]{2,}$",
  "^[^a]$",
  "^$",
  "a?b*c",
  "(?P<year>\\d{4})",
];
for (const pattern of PATTERNS) {
  test(`a text is made that matches ${pattern}`, () => {
    const text = matching(pattern);
    if (pattern.includes("?P")) assert.equal(text, undefined, "Python's own spelling has no example, and no error");
    else assert.match(text ?? "none", new RegExp(pattern, "u"));
  });
}
