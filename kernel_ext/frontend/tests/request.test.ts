import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { type Scheme, credentialFor, credentialsOf, schemesFor } from "../src/auth";
import { LANGUAGES, writeCode } from "../src/code";
import { newDraft } from "../src/draft";
import { NumberText } from "../src/json";
import type { Body, Parameter, Place } from "../src/operation";
import type { OperationState, SendArguments } from "../src/protocol";
import { address, buildRequest } from "../src/request";

const OPERATION = { id: "POST /items/{item_id}", method: "POST", path: "/items/{item_id}" } as OperationState;
const NO_CREDENTIALS = { headers: [], query: [], cookies: [] };
const parameter = (place: Place, name: string): Parameter => ({ place, name, isRequired: false, schema: {} });
const body = (kind: Body["kind"], mediaType: string): Body => ({ kind, mediaType, schema: {}, isRequired: true });
const PARAMETERS = [
  parameter("path", "item_id"),
  parameter("query", "tag"),
  parameter("query", "limit"),
  parameter("header", "x-tags"),
  parameter("cookie", "session"),
];

test("parameters go to their places, lists repeated in a query and joined elsewhere", async () => {
  const draft = {
    ...newDraft(PARAMETERS, [], {}),
    parameters: {
      "path:item_id": "a b",
      "query:tag": ["x", "y"],
      "query:limit": new NumberText("1.0"),
      "header:x-tags": ["p", "q"],
      "cookie:session": true,
    },
  };
  const request = await buildRequest(OPERATION, PARAMETERS, undefined, draft, NO_CREDENTIALS);
  assert.deepEqual(request.path_params, { item_id: "a b" });
  assert.deepEqual(request.query, [
    ["tag", "x"],
    ["tag", "y"],
    ["limit", "1.0"],
  ]);
  assert.deepEqual(request.headers, [["x-tags", "p, q"]]);
  assert.deepEqual(request.cookies, [["session", "true"]]);
  assert.deepEqual(request.body, { kind: "none" });
  assert.equal(address(request), "/items/a%20b?tag=x&tag=y&limit=1.0");
});

test("a path parameter without a value keeps its braces, one of a path its slashes", () => {
  assert.equal(address({ path: "/a/{x}/{y:path}", path_params: { y: "b/c d" }, query: [] }), "/a/{x}/b/c%20d");
});

test("JSON that a person typed is sent as it stands, broken or not", async () => {
  const json = body("json", "application/json");
  const draft = { ...newDraft([], [json], {}), body: { price: "abc" } };
  assert.equal((await buildRequest(OPERATION, [], json, draft, NO_CREDENTIALS)).body.text, '{\n  "price": "abc"\n}');
  assert.equal(
    (await buildRequest(OPERATION, [], json, { ...draft, text: '{"price":' }, NO_CREDENTIALS)).body.text,
    '{"price":',
  );
});

test("a form's fields and a multipart's files", async () => {
  const draft = { ...newDraft([], [], {}), body: { name: "a&b", ids: [1, 2] } };
  const form = await buildRequest(
    OPERATION,
    [],
    body("form", "application/x-www-form-urlencoded"),
    draft,
    NO_CREDENTIALS,
  );
  assert.deepEqual(form.body.fields, [
    ["name", "a&b"],
    ["ids", "1"],
    ["ids", "2"],
  ]);
  const file = new File([new Uint8Array([0, 255])], "x.bin");
  const multipart = await buildRequest(
    OPERATION,
    [],
    body("multipart", "multipart/form-data"),
    { ...draft, body: { file } },
    NO_CREDENTIALS,
  );
  assert.deepEqual(multipart.body.parts, [
    { name: "file", base64: "AP8=", filename: "x.bin", content_type: "application/octet-stream" },
  ]);
});

const REQUEST: SendArguments = {
  operation: "POST /items",
  method: "POST",
  path: "/items",
  path_params: {},
  query: [["q", "it's"]],
  headers: [["x-key", 'a"b']],
  cookies: [["s", "1"]],
  body: { kind: "json", text: '{"name": "d\'Arc"}' },
};

test("curl's arguments survive a shell", () => {
  const code = writeCode("curl", REQUEST, "http://127.0.0.1:8000/");
  const shown = execFileSync("sh", ["-c", code.replace(/^curl/, "printf '%s\\n'")], { encoding: "utf8" })
    .trim()
    .split("\n");
  assert.deepEqual(shown, [
    "-X",
    "POST",
    "http://127.0.0.1:8000/items?q=it's",
    "-H",
    'x-key: a"b',
    "-H",
    "cookie: s=1",
    "-H",
    "content-type: application/json",
    "--data-raw",
    '{"name": "d\'Arc"}',
  ]);
});

test("Python's and JavaScript's code is code", () => {
  const python = writeCode("httpx2", REQUEST, "http://127.0.0.1:8000");
  execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: python });
  assert.match(python, /content="\{\\"name\\": \\"d'Arc\\"\}"/);
  const older = writeCode("requests", REQUEST, "http://127.0.0.1:8000");
  execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: older });
  assert.match(older, /headers=\{"x-key": "a\\"b", "cookie": "s=1", "content-type": "application\/json"\}/);
  assert.match(older, /data="\{\\"name\\": \\"d'Arc\\"\}"\.encode\(\)/);
  const script = writeCode("fetch", REQUEST, "http://127.0.0.1:8000");
  assert.doesNotThrow(() => new Function(`return async () => { ${script} }`));
});

test("a .http file is request line, headers, empty line, body", () => {
  const lines = writeCode(".http", REQUEST, "http://h").split("\n");
  assert.deepEqual(lines, [
    "POST http://h/items?q=it's",
    'x-key: a"b',
    "cookie: s=1",
    "content-type: application/json",
    "",
    '{"name": "d\'Arc"}',
  ]);
});

test("every language writes every kind of body", () => {
  const bodies: SendArguments["body"][] = [
    { kind: "none" },
    { kind: "form", fields: [["a", "1"]] },
    { kind: "text", text: "x", content_type: "text/csv" },
    {
      kind: "multipart",
      parts: [
        { name: "a", text: "1" },
        { name: "f", filename: "x.txt", base64: "" },
      ],
    },
  ];
  for (const language of LANGUAGES)
    for (const body of bodies) assert.match(writeCode(language, { ...REQUEST, body }, "http://h"), /http:\/\/h\/items/);
});

test("credentials go where their scheme says", () => {
  const components = {
    securitySchemes: {
      key: { type: "apiKey", in: "query", name: "k" },
      basic: { type: "http", scheme: "basic" },
      oauth: { type: "oauth2", flows: { password: { tokenUrl: "token", scopes: { "a:b": "" } } } },
      digest: { type: "http", scheme: "digest" },
    },
  };
  const schemes = schemesFor([{ key: [], basic: [], oauth: ["a:b"], digest: [] }], components);
  assert.deepEqual(
    schemes.map(({ kind }) => kind),
    ["key", "basic", "password"],
  );
  const [key, basic, oauth] = schemes as [Scheme, Scheme, Scheme];
  const given = {
    key: credentialFor(key, "", "1"),
    basic: credentialFor(basic, "mira", "ü"),
    oauth: credentialFor(oauth, "mira", "t"),
  };
  assert.deepEqual(credentialsOf(schemes, given), {
    query: [["k", "1"]],
    headers: [
      ["Authorization", "Basic bWlyYTrDvA=="],
      ["Authorization", "Bearer t"],
    ],
    cookies: [],
  });
  assert.deepEqual(credentialsOf([{ ...key, parameter: "renamed" }], given).query, []);
  assert.deepEqual(credentialsOf(schemes, {}).headers, []);
});
