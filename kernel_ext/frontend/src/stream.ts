/**
 * A response that comes in pieces, as a list of what came: server-sent events, JSON lines, or text.
 *
 * Spec: WHATWG HTML §9.2.6 (interpreting an event stream).
 */
import type { Streamed } from "./protocol";

/** One thing that came. */
export interface StreamItem {
  /** Milliseconds since the request began; null where the whole came at once. */
  at: number | null;
  /** The event's type; "" of other streams, "comment" of a comment. */
  type: string;
  id: string;
  text: string;
}

export type StreamKind = "events" | "lines" | "text";

/** How many items a view keeps; the earliest go first. */
export const MAX_ITEMS = 1000;

export function streamKind(mediaType: string): StreamKind | null {
  const essence = mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (essence === "text/event-stream") return "events";
  if (/^application\/(x-)?(ndjson|jsonl|json-lines|jsonlines|json-seq)$/.test(essence)) return "lines";
  return null;
}

/** What came so far of one response. */
export class Stream {
  items: StreamItem[] = [];
  /** How many came, kept or not. */
  count = 0;
  status = 0;
  mediaType = "";
  isAll = true;
  private rest = "";
  private fields: { type: string; data: string[]; id: string } = { type: "", data: [], id: "" };

  get kind(): StreamKind {
    return streamKind(this.mediaType) ?? "text";
  }

  /** One more piece. */
  add({ status, media_type, text, elapsed_ms, is_all }: Streamed): void {
    this.status = status;
    this.mediaType = media_type;
    this.isAll = is_all;
    this.read(text, elapsed_ms);
  }

  /** The items of a response that came whole. */
  static of(mediaType: string, text: string): Stream {
    const stream = new Stream();
    stream.mediaType = mediaType;
    stream.read(`${text}\n\n`, null);
    return stream;
  }

  private read(text: string, at: number | null): void {
    if (this.kind === "text") return this.push({ at, type: "", id: "", text });
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (this.kind === "events") this.readEventLine(line, at);
      else if (line.trim()) this.push({ at, type: "", id: "", text: line.replace(/^\u001e/, "") });
    }
  }

  private readEventLine(line: string, at: number | null): void {
    if (!line) {
      const { type, data, id } = this.fields;
      if (data.length) this.push({ at, type: type || "message", id, text: data.join("\n") });
      this.fields = { type: "", data: [], id };
      return;
    }
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "" && line.startsWith(":")) this.push({ at, type: "comment", id: "", text: value });
    else if (name === "data") this.fields.data.push(value);
    else if (name === "event") this.fields.type = value;
    else if (name === "id" && !value.includes("\0")) this.fields.id = value;
  }

  private push(item: StreamItem): void {
    this.count++;
    this.items.push(item);
    if (this.items.length > MAX_ITEMS) this.items.shift();
  }
}
