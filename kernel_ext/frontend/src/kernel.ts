/**
 * The line to the kernel: commands with their replies, the state kept in step, and whether anybody answers.
 *
 * Every command gets one reply or fails. A gap in the sequence numbers asks for everything again. Where the kernel
 * does not answer, the line is "lost" and is tried again by itself, ever more slowly.
 */
import type { DeltaBase, Json, KernelMessage, Reply, ReplyError } from "./protocol";

/** The part of anywidget's model that is used here. */
export interface Model {
  on(name: string, callback: (message: unknown) => void): void;
  off(name: string, callback: (message: unknown) => void): void;
  send(content: unknown): void;
}

export type Link = "connecting" | "live" | "lost";

/** A command that was not done, in a sentence for the person. */
export class CommandError extends Error {
  constructor(
    readonly kind: ReplyError["kind"],
    message: string,
  ) {
    super(message);
  }
}

/** What a view does with what the kernel tells. */
export interface Listener<State, Delta> {
  /** The state after a delta. */
  apply(state: State, delta: Delta): State;
  changed(): void;
  /** Called with each delta before it is applied. */
  delta?(delta: Delta, before: State): void;
}

const ANSWER_MS = 4000;
const RETRY_MS = [3000, 6000, 12_000, 30_000, 60_000];

/** Commands that are answered at once; of the others it is found out meanwhile whether somebody works on them. */
const QUICK = new Set(["resync", "cancel", "code"]);

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: CommandError) => void;
  event: (data: Json) => void;
}

export class Kernel<State, Delta extends DeltaBase> {
  link: Link = "connecting";
  state: State | null = null;
  /** When the state that is shown was last known to be right. */
  asOf = new Date();
  private seq = -1;
  /** The last delta that was heard of; one that came before the state it belongs to is asked for again. */
  private heard = -1;
  private resyncing = false;
  private retries = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly waiting = new Map<string, Waiting>();
  private readonly prefix = Math.random().toString(36).slice(2);
  private count = 0;

  constructor(
    private readonly model: Model,
    private readonly listener: Listener<State, Delta>,
    private readonly signal: AbortSignal,
  ) {
    const receive = (message: unknown): void => this.receive(message as KernelMessage<State, Delta>);
    const check = (): void => void this.resync();
    model.on("msg:custom", receive);
    model.on("comm_live_update", check); // the front end says that the kernel went away or came back
    signal.addEventListener("abort", () => {
      model.off("msg:custom", receive);
      model.off("comm_live_update", check);
      clearTimeout(this.retry);
      this.failAll("This view was closed.");
    });
  }

  /** Send a command; `event` gets what the kernel tells of it before the reply.
   *
   * @returns its id, and the promise of its result, rejected with a CommandError.
   */
  command(
    name: string,
    args?: unknown,
    event: (data: Json) => void = () => undefined,
  ): { id: string; result: Promise<unknown> } {
    const id = `${this.prefix}-${++this.count}`;
    const result = new Promise<unknown>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, event });
      try {
        this.model.send({ type: "command", id, command: name, args: args ?? null });
      } catch (error) {
        this.waiting.delete(id);
        reject(new CommandError("failed", `Nothing could be sent to the kernel: ${String(error)}.`));
      }
    });
    if (!QUICK.has(name)) this.watch(id);
    return { id, result };
  }

  /** End a command that runs; its own reply says that it was cancelled. */
  cancel(id: string): void {
    this.command("cancel", { id }).result.catch(() => undefined);
  }

  /** Ask for the whole state; where no answer comes, the line is lost and is tried again later. */
  async resync(): Promise<void> {
    if (this.resyncing || this.signal.aborted) return;
    this.resyncing = true;
    clearTimeout(this.retry);
    const { id, result } = this.command("resync");
    const late = setTimeout(
      () => this.settle(id, new CommandError("failed", "The kernel does not answer.")),
      ANSWER_MS,
    );
    try {
      await result;
      this.retries = 0;
      if (this.heard > this.seq) queueMicrotask(() => void this.resync());
    } catch {
      this.lose();
    } finally {
      clearTimeout(late);
      this.resyncing = false;
      this.listener.changed();
    }
  }

  /** A request may take long; that somebody works on it is found out by asking for the state meanwhile. */
  private watch(id: string): void {
    setTimeout(() => {
      if (this.waiting.has(id)) void this.resync();
    }, ANSWER_MS);
  }

  private lose(): void {
    if (this.signal.aborted) return;
    this.link = "lost";
    this.failAll("The kernel no longer answers. After a restart, run the cells again.");
    const delay = RETRY_MS[Math.min(this.retries++, RETRY_MS.length - 1)];
    this.retry = setTimeout(() => void this.resync(), delay);
  }

  private failAll(message: string): void {
    for (const id of [...this.waiting.keys()]) this.settle(id, new CommandError("failed", message));
  }

  private settle(id: string, outcome: unknown): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (outcome instanceof CommandError) waiting?.reject(outcome);
    else waiting?.resolve(outcome);
  }

  private receive(message: KernelMessage<State, Delta>): void {
    switch (message?.type) {
      case "reply":
        return this.settle(message.id, outcomeOf(message));
      case "state":
        if (message.seq < this.seq) return this.alive(); // a delta overtook it
        this.seq = message.seq;
        this.state = message.state;
        return this.alive();
      case "event":
        return this.waiting.get(message.id)?.event(message.data);
      case "delta":
        return this.receiveDelta(message);
    }
  }

  private receiveDelta(delta: Delta): void {
    this.heard = Math.max(this.heard, delta.seq);
    if (!this.state || delta.seq <= this.seq) return;
    if (delta.seq !== this.seq + 1) return void this.resync();
    this.listener.delta?.(delta, this.state);
    this.seq = delta.seq;
    this.state = this.listener.apply(this.state, delta);
    this.alive();
  }

  private alive(): void {
    this.link = "live";
    this.asOf = new Date();
    this.listener.changed();
  }
}

function outcomeOf(reply: Reply): unknown {
  if (reply.ok) return reply.result;
  const { kind, message } = reply.error ?? { kind: "failed", message: "The kernel gave no reason." };
  return new CommandError(kind, message);
}
