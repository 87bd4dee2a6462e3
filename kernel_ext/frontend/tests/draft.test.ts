import assert from "node:assert/strict";
import { test } from "node:test";
import { example, initial, newDraft, refit, refitDraft, seed, setAt, switchVariant } from "../src/draft";
import { print } from "../src/json";
import type { Body, Parameter } from "../src/operation";
import { type Components, type Schema, describe } from "../src/schema";

const object = (properties: { [name: string]: Schema }, required: string[] = [], title = ""): Schema => ({
  type: "object",
  title,
  properties,
  required,
});
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const COMPONENTS: Components = {
  schemas: {
    Tree: object(
      {
        name: { type: "string" },
        children: { type: "array", items: ref("Tree") },
        parent: { anyOf: [ref("Tree"), { type: "null" }] },
      },
      ["name", "children"],
      "Tree",
    ),
    Parcel: object(
      { kind: { const: "parcel", default: "parcel" }, weight_g: { type: "integer" }, note: { type: "string" } },
      ["weight_g"],
      "Parcel",
    ),
    Download: object(
      { kind: { const: "download", default: "download" }, url: { type: "string" }, note: { type: "string" } },
      ["url"],
      "Download",
    ),
  },
};
const DELIVERY: Schema = { oneOf: [ref("Parcel"), ref("Download")], discriminator: { propertyName: "kind" } };
const body = (schema: Schema): Body => ({ mediaType: "application/json", kind: "json", schema, isRequired: true });
const query = (name: string, schema: Schema, isRequired = false): Parameter => ({
  name,
  place: "query",
  isRequired,
  schema,
});

test("an untouched form sends what has a default and is required, and the objects around it", () => {
  const schema = object(
    {
      title: { type: "string" },
      author: object({ name: { type: "string" } }, ["name"]),
      tags: { type: "array" },
      size: { type: "integer", default: 3 },
    },
    ["title", "author", "tags", "size"],
  );
  assert.equal(print(initial(schema, COMPONENTS, true) ?? null, 0), '{"author": {}, "tags": [], "size": 3}');
});

test("what is optional is not sent", () => {
  assert.equal(initial({ type: "string", default: "x" }, COMPONENTS, false), undefined);
});

test("a union's value carries the property that names its variant", () => {
  assert.deepEqual(initial(DELIVERY, COMPONENTS, true), { kind: "parcel" });
  assert.deepEqual(example(DELIVERY, COMPONENTS), { kind: "parcel", weight_g: 1, note: "text" });
});

test("another variant keeps what both have, and changes the name", () => {
  const union = describe(DELIVERY, COMPONENTS);
  assert.deepEqual(switchVariant({ kind: "parcel", weight_g: 1, note: "n" }, union, 1, COMPONENTS), {
    kind: "download",
    note: "n",
  });
  assert.deepEqual(switchVariant("abc", union, 0, COMPONENTS), { kind: "parcel" });
});

test("ticking a field sends its default, else something of its kind", () => {
  assert.equal(seed({ type: "integer", default: 10 }, COMPONENTS), 10);
  assert.equal(seed({ type: "string" }, COMPONENTS), "");
  assert.equal(seed({ type: "boolean" }, COMPONENTS), true);
  assert.deepEqual(seed({ type: "array", items: { type: "string" } }, COMPONENTS), []);
});

const EXAMPLES: [Schema, unknown][] = [
  [{ type: "integer", minimum: 5, maximum: 9 }, 5],
  [{ type: "integer", exclusiveMinimum: 5 }, 6],
  [{ type: "integer", multipleOf: 5 }, 5],
  [{ type: "number", maximum: 2 }, 2],
  [{ type: "number", exclusiveMinimum: 0, maximum: 500 }, 9.5],
  [{ anyOf: [{ type: "integer", minimum: 40 }, { type: "null" }] }, 40],
  [{ type: "string", minLength: 6 }, "textxx"],
  [{ type: "string", maxLength: 2 }, "te"],
  [{ type: "string", format: "date" }, "2025-01-31"],
  [{ type: "string", examples: ["Emma"] }, "Emma"],
  [{ enum: ["a", "b"] }, "a"],
];
for (const [schema, value] of EXAMPLES) {
  test(`an example keeps to the constraints: ${JSON.stringify(schema)}`, () =>
    assert.deepEqual(example(schema, COMPONENTS), value));
}

test("an example of a model that refers to itself ends", () => {
  assert.deepEqual(example(ref("Tree"), COMPONENTS), { name: "text", children: [] });
});

test("inputs stay where they still fit a changed model", () => {
  const before = { title: "Emma", price: "abc", gone: 1 };
  const after = object(
    { title: { type: "string" }, price: { type: "number" }, added: { type: "integer", default: 1 } },
    ["title", "price", "added"],
  );
  assert.deepEqual(refit(before, after, COMPONENTS, true), { title: "Emma", price: "abc", added: 1 });
});

test("an object where a text is wanted now does not stay", () => {
  assert.equal(refit({ a: 1 }, { type: "string" }, COMPONENTS, true), undefined);
});

test("a draft follows an operation that gains a parameter and renames another", () => {
  const schema = object({ title: { type: "string" } }, ["title"]);
  const draft = {
    ...newDraft([query("limit", { type: "integer" }), query("q", { type: "string" })], [body(schema)], COMPONENTS),
    body: { title: "Emma" },
  };
  draft.parameters = { "query:limit": "many", "query:q": "x" };
  const followed = refitDraft(
    draft,
    [query("limit", { type: "integer" }), query("sort", { type: "string", default: "title" }, true)],
    [body(schema)],
    COMPONENTS,
  );
  assert.deepEqual(followed.parameters, { "query:limit": "many", "query:sort": "title" });
  assert.deepEqual(followed.body, { title: "Emma" });
});

test("the text of the JSON editor stays while the body does", () => {
  const schema = object({ title: { type: "string" } }, ["title"]);
  const draft = { ...newDraft([], [body(schema)], COMPONENTS), body: { title: "Emma" }, text: '{"title":"Emma"' };
  assert.equal(refitDraft(draft, [], [body(schema)], COMPONENTS).text, '{"title":"Emma"');
  assert.equal(refitDraft(draft, [], [body(object({}))], COMPONENTS).text, null);
});

test("a value is set at a path, and removed with undefined", () => {
  assert.deepEqual(setAt({ a: { b: 1 } }, ["a", "c"], 2), { a: { b: 1, c: 2 } });
  assert.deepEqual(setAt({ a: [1, 2, 3] }, ["a", "1"], undefined), { a: [1, 3] });
  assert.deepEqual(setAt(undefined, ["a"], 1), { a: 1 });
  assert.deepEqual(setAt({ a: 1 }, ["a"], undefined), {});
});
