import assert from "node:assert/strict";
import { test } from "node:test";
import { type Components, type Schema, describe, fits, variantName, variantOf } from "../src/schema";
import { ruleWords } from "../src/form/field";

const COMPONENTS: Components = {
  schemas: {
    Author: {
      type: "object",
      title: "Author",
      required: ["name"],
      properties: { name: { type: "string" }, born: { anyOf: [{ type: "string", format: "date" }, { type: "null" }] } },
    },
    Format: { type: "string", title: "Format", enum: ["hardback", "ebook"] },
    Node: {
      type: "object",
      title: "Node",
      properties: { next: { anyOf: [{ $ref: "#/components/schemas/Node" }, { type: "null" }] } },
    },
    Parcel: {
      type: "object",
      title: "Parcel",
      required: ["weight_g"],
      properties: { kind: { const: "parcel", default: "parcel", type: "string" }, weight_g: { type: "integer" } },
    },
    Download: {
      type: "object",
      title: "Download",
      required: ["url"],
      properties: { kind: { const: "download", default: "download", type: "string" }, url: { type: "string" } },
    },
  },
};
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const spec = (schema: Schema) => describe(schema, COMPONENTS);

interface Case {
  name: string;
  schema: Schema;
  kind: string;
  words: string;
}

const CASES: Case[] = [
  {
    name: "text with a length",
    schema: { type: "string", minLength: 1, maxLength: 120 },
    kind: "text",
    words: "text, 1 to 120 characters",
  },
  {
    name: "text of one length",
    schema: { type: "string", minLength: 2, maxLength: 2 },
    kind: "text",
    words: "text, exactly 2 characters",
  },
  {
    name: "one character at least",
    schema: { type: "string", minLength: 1 },
    kind: "text",
    words: "text, at least 1 character",
  },
  {
    name: "a number between",
    schema: { type: "number", exclusiveMinimum: 0, maximum: 500 },
    kind: "number",
    words: "number, over 0, up to 500",
  },
  {
    name: "a whole number with a default",
    schema: { type: "integer", minimum: 1, maximum: 100, default: 10 },
    kind: "integer",
    words: "whole number, 1 to 100, default 10",
  },
  {
    name: "a multiple",
    schema: { type: "integer", multipleOf: 5, minimum: 0 },
    kind: "integer",
    words: "whole number, at least 0, a multiple of 5",
  },
  { name: "true or false", schema: { type: "boolean", default: true }, kind: "boolean", words: "default true" },
  {
    name: "null or a date",
    schema: { anyOf: [{ type: "string", format: "date" }, { type: "null" }] },
    kind: "text",
    words: "date or null",
  },
  { name: "a list of types", schema: { type: ["string", "null"] }, kind: "text", words: "text or null" },
  {
    name: "a list",
    schema: { type: "array", items: { type: "string" }, maxItems: 5, uniqueItems: true },
    kind: "list",
    words: "list of text, up to 5 items, no repeats",
  },
  { name: "a model", schema: ref("Author"), kind: "object", words: "Author" },
  {
    name: "a model or null keeps its own name",
    schema: { title: "Writer", anyOf: [ref("Author"), { type: "null" }] },
    kind: "object",
    words: "Author or null",
  },
  { name: "an enum", schema: ref("Format"), kind: "choice", words: "Format" },
  {
    name: "an enum with a default",
    schema: { ...ref("Format"), default: "ebook" },
    kind: "choice",
    words: "Format, default ebook",
  },
  {
    name: "free names",
    schema: { type: "object", additionalProperties: { type: "number" } },
    kind: "map",
    words: "names with number",
  },
  {
    name: "a file of today",
    schema: { type: "string", contentMediaType: "application/octet-stream" },
    kind: "file",
    words: "file",
  },
  { name: "a file of OpenAPI 3.0", schema: { type: "string", format: "binary" }, kind: "file", words: "file" },
  {
    name: "a union of models",
    schema: { oneOf: [ref("Parcel"), ref("Download")] },
    kind: "union",
    words: "Parcel or Download",
  },
  {
    name: "a union of types",
    schema: { anyOf: [{ type: "integer" }, { type: "string" }, { type: "null" }] },
    kind: "union",
    words: "whole number or text or null",
  },
  {
    name: "types beside each other",
    schema: { type: ["integer", "string"] },
    kind: "union",
    words: "whole number or text",
  },
  { name: "anything", schema: {}, kind: "any", words: "any JSON" },
  { name: "a reference to nowhere", schema: ref("Missing"), kind: "any", words: "any JSON" },
];

for (const { name, schema, kind, words } of CASES) {
  test(`a schema in words: ${name}`, () => {
    const described = spec(schema);
    assert.equal(described.kind, kind);
    assert.equal(ruleWords(described), words);
  });
}

test("a parameter's rule begins with its place", () => {
  assert.equal(ruleWords(spec({ type: "integer" }), "query"), "query, whole number");
});

test("allOf is one schema", () => {
  const both = spec({
    allOf: [ref("Author"), { type: "object", required: ["id"], properties: { id: { type: "integer" } } }],
  });
  assert.deepEqual(
    both.properties.map(({ name, isRequired }) => [name, isRequired]),
    [
      ["name", true],
      ["born", false],
      ["id", true],
    ],
  );
});

test("a model that refers to itself is described without end", () => {
  const next = spec(ref("Node")).properties[0]?.schema;
  assert.ok(next);
  assert.equal(spec(next).name, "Node");
});

test("a reference in a circle ends", () => {
  const circle: Components = {
    schemas: { A: { $ref: "#/components/schemas/B" }, B: { $ref: "#/components/schemas/A" } },
  };
  assert.equal(describe({ $ref: "#/components/schemas/A" }, circle).kind, "any");
});

test("a union's variant is found by the shape of the value", () => {
  const union = spec({ anyOf: [ref("Parcel"), ref("Download")], discriminator: { propertyName: "kind" } });
  assert.equal(variantOf({ kind: "download", url: "x" }, union, COMPONENTS), 1);
  assert.equal(variantOf({ weight_g: 1 }, union, COMPONENTS), 0);
  assert.equal(variantOf(5, union, COMPONENTS), -1);
  assert.deepEqual(
    union.variants.map((variant) => variantName(variant, COMPONENTS)),
    ["Parcel", "Download"],
  );
});

test("a value of the wrong type fits nothing but what takes everything", () => {
  assert.ok(!fits("abc", { type: "number" }, COMPONENTS));
  assert.ok(!fits(1.5, { type: "integer" }, COMPONENTS));
  assert.ok(fits("abc", {}, COMPONENTS));
});

test("a Decimal is one number, with its bounds; other unions are unions", () => {
  const number = { type: "number", exclusiveMinimum: 0 };
  const text = { type: "string", pattern: "^[0-9.]+$" };
  const decimal = describe({ anyOf: [number, text, { type: "null" }], title: "Price", default: null }, {});
  assert.deepEqual(
    [decimal.kind, decimal.type, decimal.rules, decimal.isNullable, decimal.variants],
    ["number", "number", ["over 0"], true, []],
  );
  for (const other of [
    [{ type: "integer" }, text],
    [number, { ...text, format: "date" }],
    [number, text, { type: "boolean" }],
  ])
    assert.equal(describe({ anyOf: other }, {}).kind, "union");
});
