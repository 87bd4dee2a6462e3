/** Small texts that a person reads: sizes, times, counts, and text made visible. */

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Controls that reorder or hide text, shown by their number instead of acting. */
export const visible = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (c) =>
    c === "\r" ? "" : `⟨${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );

/** The first `limit` characters, with a sign where more follows. */
export const shorten = (text: string, limit: number): string =>
  text.length > limit ? `${text.slice(0, limit)}…` : text;

/** The first digit of a status as the parts of the sheet name it; "5" where no response came. */
export const statusClass = (status: number | null): string => (status === null ? "5" : (String(status)[0] ?? "5"));
