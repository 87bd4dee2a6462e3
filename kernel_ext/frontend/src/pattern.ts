/**
 * A text that matches a pattern, for the patterns that people write: codes, numbers, slugs.
 *
 * Covers literals, classes, groups (their first alternative) and quantifiers (their least count). What it makes is
 * checked against the pattern; where that fails, there is no example.
 *
 * Spec: JSON Schema 2020-12 Validation §6.3.3 (pattern; ECMA-262 regular expressions).
 */

const CLASSES: { [escape: string]: string } = { d: "1", w: "a", s: " ", D: "a", W: "-", S: "a" };
const MAX_REPEAT = 50;
const MAX_LENGTH = 200;

class Maker {
  private at = 0;

  constructor(private readonly pattern: string) {}

  /** The first alternative of what stands up to the next ")" or the end. */
  alternatives(): string {
    let text = this.sequence();
    while (this.pattern[this.at] === "|") {
      this.at++;
      const other = this.sequence();
      text ||= other;
    }
    return text;
  }

  private sequence(): string {
    let text = "";
    while (this.at < this.pattern.length && !"|)".includes(this.pattern[this.at] ?? "")) {
      const piece = this.atom();
      text += piece.repeat(this.count());
    }
    return text;
  }

  private atom(): string {
    const c = this.pattern[this.at++] ?? "";
    switch (c) {
      case "^":
      case "$":
        return "";
      case ".":
        return "a";
      case "\\":
        return this.escape();
      case "[":
        return this.charClass();
      case "(":
        return this.group();
      default:
        return c;
    }
  }

  private escape(): string {
    const c = this.pattern[this.at++] ?? "";
    return c === "b" || c === "B" ? "" : (CLASSES[c] ?? c);
  }

  /** The first member; of a class that excludes, the first letter or digit that it leaves. */
  private charClass(): string {
    const start = this.at - 1;
    const isNegated = this.pattern[this.at] === "^";
    if (isNegated) this.at++;
    const [head = "", escaped = ""] = this.pattern.slice(this.at, this.at + 2);
    const first = head === "\\" ? (CLASSES[escaped] ?? escaped) : head;
    while (this.at < this.pattern.length && (this.pattern[this.at] !== "]" || this.at === start + 1)) {
      this.at += this.pattern[this.at] === "\\" ? 2 : 1;
    }
    const source = this.pattern.slice(start, ++this.at);
    if (!isNegated) return first;
    return [..."a1A-_ "].find((candidate) => new RegExp(source, "u").test(candidate)) ?? "";
  }

  private group(): string {
    const marker = /\?(:|=|!|<[=!]|P?<\w+>)/y;
    marker.lastIndex = this.at;
    const kind = marker.exec(this.pattern)?.[1] ?? "";
    if (kind) this.at = marker.lastIndex;
    const text = this.alternatives();
    this.at++;
    return /[=!]/.test(kind) ? "" : text;
  }

  private count(): number {
    const quantifier = /\*|\+|\?|\{(\d+)(,\d*)?\}/y;
    quantifier.lastIndex = this.at;
    const found = quantifier.exec(this.pattern);
    if (!found) return 1;
    this.at = quantifier.lastIndex;
    if (this.pattern[this.at] === "?") this.at++;
    if (found[1] !== undefined) return Math.min(Number(found[1]), MAX_REPEAT);
    return found[0] === "+" ? 1 : 0;
  }
}

/** A text that matches, or undefined where none could be made. */
export function matching(pattern: string): string | undefined {
  try {
    const text = new Maker(pattern).alternatives().slice(0, MAX_LENGTH);
    return new RegExp(pattern, "u").test(text) ? text : undefined;
  } catch {
    return undefined; // a pattern of Python's that ECMA-262 has not
  }
}
