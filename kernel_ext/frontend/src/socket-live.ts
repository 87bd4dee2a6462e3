/** WebSockets as their view reads them: the state after a delta, bytes as they are written, ends in words. Pure. */
import { CLOSE_WORDS } from "./close-codes";
import type { ConnectionState, SocketMessageState, SocketsDelta, SocketsState } from "./protocol";
import { duration } from "./words";

/** The state after a delta. */
export function applySockets(state: SocketsState, delta: SocketsDelta): SocketsState {
  return {
    ...state,
    name: delta.info?.name ?? state.name,
    title: delta.info?.title ?? state.title,
    operations: delta.operations ?? state.operations,
    components: delta.components ?? state.components,
    credentials: delta.credentials ?? state.credentials,
    connections: delta.set || delta.removed ? connectionsAfter(state.connections, delta) : state.connections,
  };
}

function connectionsAfter(connections: ConnectionState[], { set, removed }: SocketsDelta): ConnectionState[] {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  for (const id of removed ?? []) byId.delete(id);
  for (const connection of set ?? []) {
    const known = byId.get(connection.id)?.messages ?? [];
    const messages = [...known, ...connection.messages].filter(({ number }) => number >= connection.first);
    byId.set(connection.id, { ...connection, messages });
  }
  return [...byId.values()];
}

export const isLive = ({ status }: ConnectionState): boolean => status === "connecting" || status === "open";

/** The bytes that hexadecimal digits spell, or what is wrong with them: "48 65 6c", "0x48656c". */
export function bytesFromHex(text: string): Uint8Array<ArrayBuffer> | string {
  const digits = text.replace(/0x/gi, "").replace(/[\s,:]/g, "");
  const wrong = /[^0-9a-f]/i.exec(digits)?.[0];
  if (wrong) return `“${wrong}” is no hexadecimal digit.`;
  if (digits.length % 2) return "Each byte has two digits; one is missing.";
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

/** The first bytes of a message in a row: "48 65 6c 6c 6f". */
export const hexOf = (bytes: Uint8Array, limit = 32): string =>
  [...bytes.subarray(0, limit)].map(hex).join(" ") + (bytes.length > limit ? " …" : "");

/** Bytes as people read them: offset, sixteen in a line, and their ASCII. */
export function hexDump(bytes: Uint8Array, limit = 4096): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, limit); at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const ascii = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${row.map(hex).join(" ").padEnd(47)}  ${ascii}`);
  }
  return lines.join("\n");
}

/** A message in one line. */
export const lineOf = ({ text, base64 }: SocketMessageState): string =>
  text === undefined ? hexOf(bytesOf(base64 ?? "")) : text.replace(/\s+/g, " ");

/** "closed by the application with 4000 “enough”". */
export function endWords({ end, status }: ConnectionState): string {
  if (status === "refused") return "refused";
  if (!end) return status;
  const reason = end.reason ? ` “${end.reason}”` : "";
  return `closed by ${end.by === "client" ? "you" : "the application"} with ${end.code}${reason}`;
}

/** What a code means, for the person who chooses one; "" where the table has none. */
export const codeWords = (code: number): string =>
  CLOSE_WORDS[code] ?? (code >= 4000 && code <= 4999 ? "private to the application" : "");

const MAX_REASON_BYTES = 123;

/** Why a close frame cannot carry this; null when it can.
 *
 * Spec: RFC 6455 §5.5, §7.4.
 */
export function closeProblem(code: string, reason: string): string | null {
  const number = Number(code);
  const isKnown = /^\d{4}$/.test(code) && ((number >= 1000 && number <= 1014) || (number >= 3000 && number <= 4999));
  if (!isKnown || [1004, 1005, 1006].includes(number)) return "Use 1000, another of 1001 to 1014, or 3000 to 4999.";
  const size = new TextEncoder().encode(reason).length;
  return size > MAX_REASON_BYTES ? `The reason has ${size} bytes; a close frame holds ${MAX_REASON_BYTES}.` : null;
}

/** The time of a message since the connection was asked for. */
export const momentWords = (ms: number): string => `+${duration(ms)}`;

/** Subprotocols as a person lists them. */
export const listed = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
