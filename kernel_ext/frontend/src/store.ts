/**
 * What all views of one explorer share: the application, the answers, and what was filled in.
 */
import type { Draft } from "./draft";
import { type Console, FormStore } from "./form-store";
import { CommandError, Kernel, type Model } from "./kernel";
import { applyDelta, successor } from "./live";
import type {
  AppState,
  DeltaMessage,
  ExchangeState,
  OperationState,
  ReplyError,
  Streamed,
} from "./protocol";
import { Stream } from "./stream";

export { type Console, bodyOf } from "./form-store";

/** What came of a request: an exchange, or why there is none; and what had been filled in. */
export interface Answer {
  exchange: ExchangeState | null;
  error: ReplyError | null;
  draft: Draft;
  /** The operation as it stood when the request was sent. */
  operation: OperationState;
  /** What came of a response that was cancelled while it streamed. */
  stream: Stream | null;
}

export interface Pending {
  id: string;
  since: number;
  /** What came of the response so far, where it streams. */
  stream: Stream | null;
}

/** How a WebSocket's path is named where operations are. */
export const socketId = (path: string): string => `WEBSOCKET ${path}`;

export class Store extends FormStore {
  readonly kernel: Kernel<AppState, DeltaMessage>;
  readonly answers = new Map<string, Answer>();
  readonly pending = new Map<string, Pending>();
  /** Which operation a view opens; a new view begins where the last one was. */
  selected: string | null = null;
  private readonly seen = new Map<string, string>();

  constructor(model: Model, signal: AbortSignal) {
    super();
    const listener = {
      apply: applyDelta,
      changed: (): void => this.changed(),
      delta: (delta: DeltaMessage, before: AppState): void => this.follow(delta, before),
    };
    this.kernel = new Kernel(model, listener, signal);
    void this.kernel.resync();
  }

  select(id: string): void {
    this.selected = id;
    this.changed();
  }

  /** Send what is filled in; the answer, or why there is none, is shown at the operation. */
  async send(from: Console): Promise<void> {
    const { operation } = from;
    const { id } = operation;
    if (this.pending.has(id)) return;
    const draft = this.draft(from);
    const pending: Pending = { id: "", since: Date.now(), stream: null };
    this.pending.set(id, pending);
    this.changed();
    try {
      const sent = this.kernel.command("send", await this.request(from), (piece) => {
        pending.stream ??= new Stream();
        pending.stream.add(piece as unknown as Streamed);
        this.changed();
      });
      pending.id = sent.id;
      pending.since = Date.now();
      const exchange = (await sent.result) as ExchangeState;
      this.answers.set(id, { exchange, error: null, draft, operation, stream: null });
    } catch (error) {
      const { kind, message } =
        error instanceof CommandError ? error : { kind: "failed" as const, message: String(error) };
      this.answers.set(id, { exchange: null, error: { kind, message }, draft, operation, stream: pending.stream });
    } finally {
      this.pending.delete(id);
      this.changed();
    }
  }

  /** End the operation's request; its own reply says that it was cancelled. */
  cancel(id: string): void {
    const pending = this.pending.get(id);
    if (pending?.id) this.kernel.cancel(pending.id);
  }

  /** What the last run changed in the OpenAPI document, as the lines of a diff; of one operation or of all. */
  async difference(operation: string | null): Promise<string[]> {
    return (await this.kernel.command("difference", { operation }).result) as string[];
  }

  /** The marks that are still news: "new" and "changed" go when a person says that they were seen. */
  marksOf({ id, marks }: OperationState): OperationState["marks"] {
    if (this.seen.get(id) !== JSON.stringify(marks)) return marks;
    return marks.filter(({ kind }) => kind !== "new" && kind !== "changed");
  }

  markSeen(): void {
    for (const { id, marks } of this.kernel.state?.operations ?? []) this.seen.set(id, JSON.stringify(marks));
    this.changed();
  }

  /** An operation whose path or method changed takes its inputs and its place in the view along. */
  private follow(delta: DeltaMessage, before: AppState): void {
    for (const { id } of delta.set ?? []) this.seen.delete(id);
    for (const id of delta.removed ?? []) {
      const next = successor(id, delta, before.operations);
      const draft = this.drafts.get(id);
      if (next && draft) this.drafts.set(next, draft);
      if (next && this.selected === id) this.selected = next;
      for (const map of [this.drafts, this.consoles, this.answers, this.seen]) map.delete(id);
    }
  }
}
