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
  private readonly messages = new Map<number, Message>();

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

  /** Ask for a connection with what is filled in, and show it. */
  async connect(from: Console): Promise<void> {
    const { id } = from.operation;
    const draft = this.draft(from);
    const subprotocols = listed(this.subprotocols.get(id) ?? "");
    const made = await this.run(id, "connect", { request: await this.request(from), subprotocols });
    if (made === undefined) return;
    this.attempts.set(id, { id: made as number, draft });
    this.show({ kind: "connection", id: made as number });
    this.explain(made as number);
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
    const sent = await this.run(id, "send", typeof data === "string" ? { id, text: data } : { id, base64: base64Of(data) });
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
  private async run(key: string | number, command: string, args: unknown): Promise<unknown> {
    try {
      const result = await this.kernel.command(command, args).result;
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
    for (const { id } of delta.set ?? []) queueMicrotask(() => this.explain(id));
  }

  /** Values that a handshake was refused for are shown where they can be mended: in the form. */
  private explain(id: number): void {
    const connection = this.connection(id);
    const isMine = connection && this.attempts.get(connection.operation)?.id === id;
    if (!isMine || !connection.issues.length || this.shown?.kind !== "connection" || this.shown.id !== id) return;
    this.show({ kind: "endpoint", id: connection.operation });
  }
}
