import assert from "node:assert/strict";
import { test } from "node:test";
import { anchor, numberIssues } from "../src/issues";
import type { ValidationIssue } from "../src/protocol";
import type { Components, Schema } from "../src/schema";

const COMPONENTS: Components = {
  schemas: {
    Parcel: {
      type: "object",
      title: "Parcel",
      properties: { kind: { const: "parcel" }, weight_g: { type: "integer" } },
    },
    Download: {
      type: "object",
      title: "Download",
      properties: { kind: { const: "download" }, url: { type: "string" } },
    },
  },
};
const BOOK: Schema = {
  type: "object",
  properties: {
    author: { type: "object", properties: { born: { type: "string" } } },
    tags: { type: "array", items: { type: "string" } },
    delivery: {
      oneOf: [{ $ref: "#/components/schemas/Parcel" }, { $ref: "#/components/schemas/Download" }],
      discriminator: { propertyName: "kind" },
    },
    prices: { type: "object", additionalProperties: { type: "number" } },
  },
};
const VALUE = {
  author: { born: "x" },
  tags: ["a", "b"],
  delivery: { kind: "parcel", weight_g: "x" },
  prices: { eur: "x" },
};

const CASES: [string, string, string, string][] = [
  ["a nested field", "/author/born", "/author/born", "/author/born"],
  ["an item of a list", "/tags/1", "/tags/1", "/tags/1"],
  ["an entry of a map", "/prices/eur", "/prices/eur", "/prices/eur"],
  ["a missing field is a field all the same", "/author/name", "/author/name", "/author"],
  ["an item that is not there", "/tags/7", "/tags/7", "/tags"],
  ["a variant's name is no place in the JSON", "/delivery/parcel/weight_g", "/delivery/weight_g", "/delivery/weight_g"],
  ["the whole body", "", "", ""],
];

for (const [name, target, pointer, field] of CASES) {
  test(`an issue is shown at its field: ${name}`, () =>
    assert.deepEqual(anchor(target, BOOK, VALUE, COMPONENTS, {}), { pointer, field }));
}

test("an object that is not sent shows its fields' issues itself", () => {
  assert.equal(anchor("/author/born", BOOK, {}, COMPONENTS, {}).field, "/author");
});

test("the variant that a person chose is the one that shows the issue", () => {
  assert.equal(
    anchor("/delivery/download/url", BOOK, { delivery: {} }, COMPONENTS, { "body:/delivery": 1 }).field,
    "/delivery/url",
  );
});

const issue = (loc: (string | number)[], pointer = ""): ValidationIssue => ({
  loc,
  source: String(loc[0]),
  pointer,
  field: "",
  sent: null,
  is_missing: false,
  rule: "",
  passes: null,
  type: "",
  message: "",
});

test("issues are numbered, and find parameters by place and name", () => {
  const parameters = [
    { name: "limit", place: "query" as const, isRequired: false, schema: {} },
    { name: "X-Token", place: "header" as const, isRequired: false, schema: {} },
  ];
  const issues = [
    issue(["query", "limit"]),
    issue(["header", "x-token"]),
    issue(["path", "limit"]),
    issue(["body", "tags", 1], "/tags/1"),
  ];
  const numbered = numberIssues(issues, parameters, { schema: BOOK, value: VALUE, choices: {} }, COMPONENTS);
  assert.deepEqual(
    numbered.map(({ number, key }) => [number, key]),
    [
      [1, "query:limit"],
      [2, "header:X-Token"],
      [3, ""],
      [4, "body:/tags/1"],
    ],
  );
  assert.equal(numbered[3]?.field, "tags[1]");
});
