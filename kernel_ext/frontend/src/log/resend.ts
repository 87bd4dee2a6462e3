/** A kept request as a person edits it, and as code elsewhere. Pure. */
import { parse, print } from "../json";
import type { ExchangeDetail, Pairs, RawRequest, RequestBody, SendArguments } from "../protocol";

/** What the kernel puts in the place of a credential. */
const HIDDEN = "•••";

/** The headers that every client makes by itself. */
const BY_ITSELF = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

/** Headers as lines of text. */
export const headerLines = (headers: Pairs): string =>
  headers.map(([name, value]) => `${name}: ${value}`).join("\n");

/** The headers of lines of text, or the first line that is none. */
export function headersFrom(text: string): { headers: Pairs; bad: string | null } {
  const headers: Pairs = [];
  for (const line of text.split("\n").filter((one) => one.trim())) {
    const [, name, value] = /^\s*([^\s:]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined) return { headers, bad: line };
    headers.push([name, value ?? ""]);
  }
  return { headers, bad: null };
}

const mediaTypeOf = (headers: Pairs): string =>
  headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";

/** The text of a body for editing: JSON line by line, its numbers as they were sent. */
export function editable({ headers, text = "" }: RawRequest): string {
  const parsed = /[/+]json\b/i.test(mediaTypeOf(headers)) ? parse(text) : null;
  return parsed?.ok ? print(parsed.value) : text;
}

function bodyOf({ headers, text, base64 }: RawRequest): RequestBody {
  const given = text ?? (base64 === undefined ? "" : atob(base64));
  if (!given) return { kind: "none" };
  return { kind: "text", text: given, content_type: mediaTypeOf(headers) || "text/plain" };
}

/** The request for the writers of code; what was hidden has its name in angle brackets. */
export function forCode({ request, summary }: ExchangeDetail): SendArguments | null {
  if (!request) return null;
  const [path = "/", search = ""] = request.url.split(/\?(.*)/s);
  const shown = (name: string, value: string): string => value.replaceAll(HIDDEN, `<${name}>`);
  const headers = request.headers
    .filter(([name, value]) => {
      const lowered = name.toLowerCase();
      return !BY_ITSELF.has(lowered) && lowered !== "content-type" && !(lowered === "accept" && value === "*/*");
    })
    .map(([name, value]): [string, string] => [name, shown(name, value)]);
  return {
    operation: summary.operation ?? "",
    method: request.method,
    path,
    path_params: {},
    query: [...new URLSearchParams(search)].map(([name, value]): [string, string] => [name, shown(name, value)]),
    headers,
    cookies: [],
    body: bodyOf(request),
  };
}

/** Where a request was sent to: the host that a client outside named, else where the server usually is. */
export function baseOf({ exchange }: ExchangeDetail): string {
  const host = exchange.request_headers.find(([name]) => name.toLowerCase() === "host")?.[1];
  return exchange.source === "server" && host ? `http://${host}` : "http://127.0.0.1:8000";
}
