/**
 * JSON as a person writes it: numbers kept as they were typed, every value's place known, errors in words.
 *
 * `JSON.parse` turns 1.0 into 1 and 12345678901234567890 into another number; what a person typed is what must be
 * sent, so such numbers stay text here (`NumberText`).
 *
 * Spec: RFC 8259 (JSON), RFC 6901 (JSON Pointer).
 */

/** A number whose text would change if it became a JavaScript number. */
export class NumberText {
  constructor(readonly text: string) {}
}

export type Value = null | boolean | number | string | NumberText | File | Value[] | ObjectValue;
export type ObjectValue = { [key: string]: Value };

/** Offsets into the text, end exclusive. */
export interface Span {
  start: number;
  end: number;
}

export interface Parsed {
  ok: true;
  value: Value;
  spans: Map<string, Span>;
}

export interface NotJson {
  ok: false;
  offset: number;
  line: number;
  column: number;
  words: string;
}

const MAX_DEPTH = 400;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const NUMBER_AT = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const SPACE_AT = /[ \t\n\r]*/y;
const WORD_AT = /[^\s,:{}[\]"]+/y;
/** Characters that change the order in which text is shown, and controls: printed as escapes. */
const INVISIBLE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

export const isObject = (value: unknown): value is ObjectValue =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof NumberText) &&
  !(typeof File !== "undefined" && value instanceof File);

/** The number that a text spells, or undefined. */
export function numberFrom(text: string): number | NumberText | undefined {
  const trimmed = text.trim();
  if (!NUMBER.test(trimmed)) return undefined;
  const number = Number(trimmed);
  return String(number) === trimmed ? number : new NumberText(trimmed);
}

/** Append one token to an RFC 6901 pointer. */
export const pointer = (base: string, token: string | number): string =>
  `${base}/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** The tokens of an RFC 6901 pointer. */
export const tokens = (at: string): string[] =>
  at === ""
    ? []
    : at
        .slice(1)
        .split("/")
        .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The value at a pointer, or undefined where there is none. */
export function valueAt(root: Value | undefined, at: string): Value | undefined {
  let value = root;
  for (const token of tokens(at)) {
    if (Array.isArray(value)) value = value[Number(token)];
    else if (isObject(value) && Object.hasOwn(value, token)) value = value[token];
    else return undefined;
  }
  return value;
}

export function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (a instanceof NumberText || b instanceof NumberText) {
    return a instanceof NumberText && b instanceof NumberText && a.text === b.text;
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}

/** A text as a JSON string; what would be invisible is escaped. */
export const quote = (text: string): string =>
  JSON.stringify(text).replace(INVISIBLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Print a value as JSON, `indent` spaces a level; 0 prints one line. */
export function print(value: Value, indent = 2, level = 0): string {
  if (typeof value === "string") return quote(value);
  if (value instanceof NumberText) return value.text;
  const gap = indent ? `\n${" ".repeat(indent * (level + 1))}` : "";
  const end = indent ? `\n${" ".repeat(indent * level)}` : "";
  const comma = indent ? "," : ", ";
  if (Array.isArray(value)) {
    const items = value.map((item) => gap + print(item, indent, level + 1));
    return items.length ? `[${items.join(comma)}${end}]` : "[]";
  }
  if (isObject(value)) {
    const items = Object.entries(value).map(([key, item]) => `${gap}${quote(key)}: ${print(item, indent, level + 1)}`);
    return items.length ? `{${items.join(comma)}${end}}` : "{}";
  }
  return typeof value === "object" && value !== null ? quote(value.name) : String(value);
}

class Refused extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

class Parser {
  private at = 0;
  readonly spans = new Map<string, Span>();

  constructor(private readonly text: string) {}

  document(): Value {
    this.space();
    const value = this.value("", 0);
    this.space();
    if (this.at < this.text.length) throw new Refused(this.at, `nothing may follow the value; ${this.found()} does`);
    return value;
  }

  private value(at: string, depth: number): Value {
    if (depth > MAX_DEPTH) throw new Refused(this.at, `nested more than ${MAX_DEPTH} levels deep`);
    const start = this.at;
    const value = this.valueAt(at, depth);
    this.spans.set(at, { start, end: this.at });
    return value;
  }

  private valueAt(at: string, depth: number): Value {
    const c = this.text[this.at];
    if (c === "{") return this.object(at, depth);
    if (c === "[") return this.list(at, depth);
    if (c === '"') return this.string();
    if (c === undefined) throw new Refused(this.at, "it ends where a value is due");
    const number = this.match(NUMBER_AT);
    if (number !== null) return numberFrom(number) ?? number;
    const word = this.match(WORD_AT);
    if (word === "true" || word === "false") return word === "true";
    if (word === "null") return null;
    this.at -= word?.length ?? 0;
    throw new Refused(
      this.at,
      word === null ? `a value is missing before ${this.found()}` : `${word} needs double quotes, or is no JSON value`,
    );
  }

  private object(at: string, depth: number): Value {
    const value: ObjectValue = Object.create(null) as ObjectValue;
    this.items("}", () => {
      if (this.text[this.at] !== '"')
        throw new Refused(this.at, `a name in double quotes is due; ${this.found()} stands there`);
      const key = this.string();
      this.space();
      if (this.text[this.at] !== ":") throw new Refused(this.at, `a colon is missing after ${quote(key)}`);
      this.at++;
      this.space();
      value[key] = this.value(pointer(at, key), depth + 1);
    });
    return value;
  }

  private list(at: string, depth: number): Value {
    const value: Value[] = [];
    this.items("]", () => value.push(this.value(pointer(at, value.length), depth + 1)));
    return value;
  }

  private items(close: string, item: () => void): void {
    const open = this.at++;
    this.space();
    if (this.take(close)) return;
    for (;;) {
      item();
      const end = this.at;
      this.space();
      if (this.take(close)) return;
      const c = this.text[this.at];
      if (c === undefined) throw new Refused(open, `the ${this.text[open]} here is never closed`);
      if (c !== ",") throw new Refused(end, `a comma is missing after ${this.before(end)}`);
      this.at++;
      this.space();
      if (this.text[this.at] === close) throw new Refused(this.at, `a comma may not stand before ${close}`);
    }
  }

  private string(): string {
    const start = this.at;
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
    this.at = end + 1;
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      throw new Refused(start, "this text is never closed, or has a line break or a bad \\ escape in it");
    }
  }

  private space(): void {
    this.match(SPACE_AT);
  }

  private take(c: string): boolean {
    if (this.text[this.at] !== c) return false;
    this.at++;
    return true;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  private found(): string {
    return this.at < this.text.length ? (this.text.slice(this.at).split(/\s/, 1)[0] ?? "").slice(0, 20) : "the end";
  }

  private before(end: number): string {
    return (
      this.text
        .slice(Math.max(0, end - 20), end)
        .split(/\s/)
        .at(-1) ?? ""
    );
  }
}

/** Parse JSON text; the spans say where each value stands, by its pointer. */
export function parse(text: string): Parsed | NotJson {
  const parser = new Parser(text);
  try {
    return { ok: true, value: parser.document(), spans: parser.spans };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const before = text.slice(0, error.offset).split("\n");
    return {
      ok: false,
      offset: error.offset,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      words: error.message,
    };
  }
}
