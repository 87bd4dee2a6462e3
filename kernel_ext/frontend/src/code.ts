/** The request as code that a person can paste elsewhere: curl, Python's httpx2 and requests, JavaScript's fetch, `.http`. */
import type { Pairs, RequestBody, SendArguments } from "./protocol";
import { address } from "./request";

export const LANGUAGES = ["curl", "httpx2", "requests", "fetch", ".http"] as const;
export type Language = (typeof LANGUAGES)[number];

const shell = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
const js = (text: string): string => JSON.stringify(text);
/** JSON strings are Python strings too, except for lone surrogates, which no request can carry. */
const python = js;

function contentType(body: RequestBody): Pairs {
  if (body.kind === "json") return [["content-type", "application/json"]];
  if (body.kind === "form") return [["content-type", "application/x-www-form-urlencoded"]];
  return body.kind === "text" ? [["content-type", body.content_type ?? "text/plain"]] : [];
}

const cookieHeader = (cookies: Pairs): Pairs =>
  cookies.length ? [["cookie", cookies.map(([name, value]) => `${name}=${value}`).join("; ")]] : [];

const encoded = (fields: Pairs): string => fields.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");

export const bodyText = ({ kind, text, fields }: RequestBody): string =>
  kind === "form" ? encoded(fields ?? []) : (text ?? "");

export const headersOf = (request: SendArguments): Pairs => [
  ...request.headers,
  ...cookieHeader(request.cookies),
  ...contentType(request.body),
];

function curl(request: SendArguments, url: string): string {
  const { method, body } = request;
  const lines = [`curl${method === "GET" && body.kind === "none" ? "" : ` -X ${method}`} ${shell(url)}`];
  for (const [name, value] of headersOf(request)) lines.push(`-H ${shell(`${name}: ${value}`)}`);
  if (body.kind === "multipart") {
    for (const { name, text, filename } of body.parts ?? []) {
      lines.push(
        filename === undefined
          ? `--form-string ${shell(`${name}=${text ?? ""}`)}`
          : `-F ${shell(`${name}=@${filename}`)}`,
      );
    }
  } else if (body.kind !== "none") {
    lines.push(`--data-raw ${shell(bodyText(body))}`);
  }
  return lines.join(" \\\n  ");
}

const pairs = (items: Pairs): string =>
  `[${items.map(([name, value]) => `(${python(name)}, ${python(value)})`).join(", ")}]`;

/** Headers as a dictionary, which has no repeats: RFC 9110 §5.3 joins them, but for cookies, which have their own sign. */
function dictionary(items: Pairs): string {
  const joined = new Map<string, string>();
  for (const [name, value] of items) {
    const former = joined.get(name.toLowerCase());
    joined.set(name.toLowerCase(), former === undefined ? value : `${former}, ${value}`);
  }
  return `{${[...joined].map(([name, value]) => `${python(name)}: ${python(value)}`).join(", ")}}`;
}

const httpx2 = (request: SendArguments, url: string): string =>
  pythonCall("httpx2", request, url, pairs, (text) => `content=${python(text)}`);

const requests = (request: SendArguments, url: string): string =>
  pythonCall("requests", request, url, dictionary, (text) => `data=${python(text)}.encode()`);

/** A call of a Python library; the two differ in how they take headers and a body. */
function pythonCall(
  library: string,
  request: SendArguments,
  url: string,
  headers: (items: Pairs) => string,
  content: (text: string) => string,
): string {
  const { method, body } = request;
  const lines = [python(method), python(url)];
  if (headersOf(request).length) lines.push(`headers=${headers(headersOf(request))}`);
  if (body.kind === "multipart") {
    const files = (body.parts ?? []).map(({ name, text, filename }) =>
      filename === undefined
        ? `(${python(name)}, (None, ${python(text ?? "")}))`
        : `(${python(name)}, (${python(filename)}, open(${python(filename)}, "rb")))`,
    );
    lines.push(`files=[${files.join(", ")}]`);
  } else if (body.kind !== "none") {
    lines.push(content(bodyText(body)));
  }
  return `import ${library}\n\nresponse = ${library}.request(\n    ${lines.join(",\n    ")},\n)\nprint(response.status_code, response.text)`;
}

function fetchCall(request: SendArguments, url: string): string {
  const { method, body } = request;
  const before: string[] = [];
  const options = [`method: ${js(method)}`];
  const headers = headersOf(request);
  if (headers.length)
    options.push(`headers: [${headers.map(([name, value]) => `[${js(name)}, ${js(value)}]`).join(", ")}]`);
  if (body.kind === "multipart") {
    before.push("const form = new FormData();");
    for (const { name, text, filename } of body.parts ?? []) {
      before.push(
        `form.append(${js(name)}, ${filename === undefined ? js(text ?? "") : `file /* ${filename.replaceAll("*/", "")} */`});`,
      );
    }
    options.push("body: form");
  } else if (body.kind !== "none") {
    options.push(`body: ${js(bodyText(body))}`);
  }
  before.push(`const response = await fetch(${js(url)}, {\n  ${options.join(",\n  ")},\n});`);
  return `${before.join("\n")}\nconsole.log(response.status, await response.text());`;
}

function httpFile(request: SendArguments, url: string): string {
  const { method, body } = request;
  const boundary = "routebook";
  const headers = headersOf(request);
  if (body.kind === "multipart") headers.push(["content-type", `multipart/form-data; boundary=${boundary}`]);
  const head = [`${method} ${url}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  if (body.kind === "none") return head;
  if (body.kind !== "multipart") return `${head}\n\n${bodyText(body)}`;
  const parts = (body.parts ?? []).map(({ name, text, filename }) =>
    filename === undefined
      ? `--${boundary}\nContent-Disposition: form-data; name="${name}"\n\n${text ?? ""}`
      : `--${boundary}\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\n\n< ./${filename}`,
  );
  return `${head}\n\n${parts.join("\n")}\n--${boundary}--`;
}

const WRITERS: { [language in Language]: (request: SendArguments, url: string) => string } = {
  curl,
  httpx2,
  requests,
  fetch: fetchCall,
  ".http": httpFile,
};

/** The request in a language, sent to `base`, for example "http://127.0.0.1:8000". */
export const writeCode = (language: Language, request: SendArguments, base: string): string =>
  WRITERS[language](request, base.replace(/\/$/, "") + address(request));
