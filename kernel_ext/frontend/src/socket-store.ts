/** What all views of one widget of sockets share: the endpoints, the connections, and what is being written. */
import type { Draft } from "./draft";
import { type Console, FormStore } from "./form-store";
import { CommandError, Kernel, type Model } from "./kernel";
import type { ConnectionState, Payload, SocketsDelta, SocketsState } from "./protocol";
import { applySockets, base64Of, isLive, listed } from "./socket-live";

/** What a view shows: an endpoint with its form, or a connection. */
export type Shown = { kind: "endpoint"; id: string } | { kind: "connection"; id: number };

export type Written = "text" | "json" | "bytes";

/** What a person writes to send. */
export interface Message {
  kind: Written;
  texts: { [kind in Written]: string };
  file: File | null;
}

/** How long the form stays while a handshake is not answered. */
const PATIENCE_MS = 400;

const NOTHING: Message = { kind: "text", texts: { text: "", json: "", bytes: "" }, file: null };

/** A connection that was asked for from an endpoint's form, and what had been filled in. */
export interface Attempt {
  id: number;
  draft: Draft;
}

export class SocketStore extends FormStore {
  readonly kernel: Kernel<SocketsState, SocketsDelta>;
  shown: Shown | null = null;
  /** By endpoint, as a person lists them. */
  readonly subprotocols = new Map<string, string>();
  readonly attempts = new Map<string, Attempt>();
  /** Why something was not done, by endpoint or by connection. */
  readonly problems = new Map<string | number, string>();
  /** The connection that was made just now: its view takes the focus, once. */
  fresh: number | null = null;
  private readonly messages = new Map<number, Message>();
  private awaited: number | null = null;

  constructor(model: Model, signal: AbortSignal) {
    super();
    const listener = {
      apply: applySockets,
      changed: (): void => this.changed(),
      delta: (delta: SocketsDelta): void => this.follow(delta),
    };
    this.kernel = new Kernel(model, listener, signal);
    void this.kernel.resync();
  }

  connection(id: number): ConnectionState | undefined {
    return this.kernel.state?.connections.find((connection) => connection.id === id);
  }

  show(shown: Shown): void {
    this.shown = shown;
    this.changed();
  }

  setSubprotocols(endpoint: string, text: string): void {
    this.subprotocols.set(endpoint, text);
    this.changed();
  }

  /** Ask for a connection with what is filled in; it is shown when it is accepted, or lets wait. */
  async connect(from: Console): Promise<void> {
    const { id } = from.operation;
    const draft = this.draft(from);
    const subprotocols = listed(this.subprotocols.get(id) ?? "");
    const made = await this.run(id, "connect", async () => ({ request: await this.request(from), subprotocols }));
    if (made === undefined) return;
    this.attempts.set(id, { id: made as number, draft });
    this.awaited = made as number;
    this.answered();
    setTimeout(() => this.isWaiting(made as number) && this.show({ kind: "connection", id: made as number }), PATIENCE_MS);
  }

  message(id: number): Message {
    return this.messages.get(id) ?? NOTHING;
  }

  write(id: number, change: Partial<Message>): void {
    this.messages.set(id, { ...this.message(id), ...change });
    this.changed();
  }

  /** Send data; what was written is gone when it was sent. */
  async send(id: number, data: string | Uint8Array): Promise<void> {
    const content = typeof data === "string" ? { text: data } : { base64: base64Of(data) };
    const sent = await this.run(id, "send", { id, ...content });
    if (sent === undefined) return;
    const { kind, texts } = this.message(id);
    this.write(id, { texts: { ...texts, [kind]: "" }, file: null });
  }

  async close(id: number, code: number, reason: string): Promise<void> {
    await this.run(id, "close", { id, code, reason });
  }

  /** A message as the kernel keeps it. */
  async whole(id: number, number: number): Promise<Payload> {
    return (await this.kernel.command("message", { id, number }).result) as Payload;
  }

  /** Let go of the connections that have ended. */
  async forgetEnded(): Promise<void> {
    const ended = (this.kernel.state?.connections ?? []).filter((connection) => !isLive(connection));
    await this.run("", "forget", { ids: ended.map(({ id }) => id) });
  }

  /** Run a command; undefined where it was not done, which is told at the place of `key`. */
  private async run(key: string | number, command: string, args: object | (() => Promise<object>)): Promise<unknown> {
    try {
      const result = await this.kernel.command(command, typeof args === "function" ? await args() : args).result;
      this.problems.delete(key);
      this.changed();
      return result ?? null;
    } catch (error) {
      this.problems.set(key, error instanceof CommandError ? error.message : String(error));
      this.changed();
      return undefined;
    }
  }

  private follow(delta: SocketsDelta): void {
    for (const id of delta.removed ?? []) {
      this.messages.delete(id);
      this.problems.delete(id);
    }
    if (delta.set) queueMicrotask(() => this.answered());
  }

  private isWaiting(id: number): boolean {
    return this.awaited === id && this.connection(id)?.status === "connecting";
  }

  /** A handshake was answered: accepted, the connection is shown; refused, the form says why. */
  private answered(): void {
    const connection = this.awaited === null ? undefined : this.connection(this.awaited);
    if (!connection || connection.status === "connecting") return;
    this.awaited = null;
    if (connection.status === "refused") return this.show({ kind: "endpoint", id: connection.operation });
    this.fresh = connection.id;
    this.show({ kind: "connection", id: connection.id });
  }
}
