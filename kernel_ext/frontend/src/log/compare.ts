/** Two exchanges, value by value: what differs, and how much is the same. Pure. */
import { type Value, isObject, parse, print } from "../json";
import type { ExchangeDetail, Pairs, Payload } from "../protocol";
import { size } from "../words";

/** A place where two exchanges differ; null where one has nothing there. */
export interface Difference {
  place: string;
  a: string | null;
  b: string | null;
}

export interface Compared {
  differences: Difference[];
  /** How many values are the same. */
  same: number;
}

export interface Comparison {
  request: Compared;
  response: Compared;
}

type Leaves = Map<string, string>;

const MAX_LEAVES = 20_000;

/** They differ with every request and say nothing. */
const PASSING = new Set(["content-length", "date", "host", "connection", "accept-encoding"]);

function addPairs(leaves: Leaves, prefix: string, pairs: Pairs): void {
  const seen = new Map<string, number>();
  for (const [name, value] of pairs) {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    leaves.set(`${prefix}${name}${count ? `[${count}]` : ""}`, value);
  }
}

function addValue(leaves: Leaves, place: string, value: Value): void {
  if (leaves.size > MAX_LEAVES) return;
  if (Array.isArray(value) && value.length) {
    value.forEach((item, index) => addValue(leaves, `${place}[${index}]`, item));
  } else if (isObject(value) && Object.keys(value).length) {
    for (const [name, item] of Object.entries(value)) addValue(leaves, place ? `${place}.${name}` : name, item);
  } else {
    leaves.set(place || "body", print(value, 0));
  }
}

/** A JSON body, or undefined. */
function jsonOf(body: Payload | null): Value | undefined {
  if (!body || body.text === undefined || body.is_truncated || !/json$/.test(body.media_type)) return undefined;
  const parsed = parse(body.text);
  return parsed.ok ? parsed.value : undefined;
}

/** A value by its outline, where two have nothing in common: {detail}, [3 items]. */
function outline(value: Value | undefined, body: Payload | null): string | null {
  if (!body || !body.size_bytes) return null;
  if (Array.isArray(value)) return `[${value.length} items]`;
  if (isObject(value)) {
    const names = Object.keys(value);
    return `{${names.slice(0, 6).join(", ")}${names.length > 6 ? ", …" : ""}}`;
  }
  if (value !== undefined) return print(value, 0);
  return body.text ?? `${size(body.size_bytes)} of ${body.media_type || "bytes"}`;
}

const isLike = (a: Value | undefined, b: Value | undefined): boolean =>
  (Array.isArray(a) && Array.isArray(b)) ||
  (isObject(a) && isObject(b) && Object.keys(a).some((name) => Object.hasOwn(b, name)));

function addBodies(a: Leaves, b: Leaves, bodyA: Payload | null, bodyB: Payload | null): void {
  const [valueA, valueB] = [jsonOf(bodyA), jsonOf(bodyB)];
  if (isLike(valueA, valueB)) {
    addValue(a, "", valueA as Value);
    addValue(b, "", valueB as Value);
    return;
  }
  const [textA, textB] = [outline(valueA, bodyA), outline(valueB, bodyB)];
  if (textA !== null) a.set("body", textA);
  if (textB !== null) b.set("body", textB);
}

function compared(a: Leaves, b: Leaves): Compared {
  const places = new Set([...a.keys(), ...b.keys()]);
  const differences = [...places]
    .map((place) => ({ place, a: a.get(place) ?? null, b: b.get(place) ?? null }))
    .filter((one) => one.a !== one.b);
  return { differences, same: places.size - differences.length };
}

const told = (headers: Pairs): Pairs => headers.filter(([name]) => !PASSING.has(name.toLowerCase()));

function requestLeaves({ exchange }: ExchangeDetail): Leaves {
  const [path = "", query = ""] = exchange.url.split(/\?(.*)/s);
  const leaves: Leaves = new Map([
    ["method", exchange.method],
    ["path", path],
  ]);
  addPairs(leaves, "?", [...new URLSearchParams(query)]);
  addPairs(leaves, "", told(exchange.request_headers));
  return leaves;
}

function responseLeaves({ exchange }: ExchangeDetail): Leaves {
  const leaves: Leaves = new Map([["status", `${exchange.status ?? "none"} ${exchange.reason}`.trim()]]);
  addPairs(leaves, "", told(exchange.response_headers));
  return leaves;
}

/** What differs between two exchanges. */
export function compare(a: ExchangeDetail, b: ExchangeDetail): Comparison {
  const sides = [a, b] as const;
  const [requestA, requestB] = sides.map(requestLeaves) as [Leaves, Leaves];
  const [responseA, responseB] = sides.map(responseLeaves) as [Leaves, Leaves];
  addBodies(requestA, requestB, a.exchange.request_body, b.exchange.request_body);
  addBodies(responseA, responseB, a.exchange.response_body, b.exchange.response_body);
  return { request: compared(requestA, requestB), response: compared(responseA, responseB) };
}
