/** What all views of one trace widget share: the trace that is shown, the one beside it, and the line to the kernel. */
import { CommandError, Kernel, type Model } from "./kernel";
import type { TraceState, TracesDelta, TracesState } from "./protocol";

const messageOf = (error: unknown): string => (error instanceof CommandError ? error.message : String(error));

/** Asks for traces; `changed` is called when something is to be drawn. */
export class Comparison {
  other: TraceState | null = null;
  error = "";

  constructor(
    private readonly ask: (command: string, args: unknown) => Promise<unknown>,
    private readonly changed: () => void,
  ) {}

  /** Put another trace beside the one that is shown; null takes it away. */
  async choose(id: number | null): Promise<void> {
    try {
      this.error = "";
      this.other = id === null ? null : await this.trace(id);
    } catch (error) {
      this.other = null;
      this.error = messageOf(error);
    }
    this.changed();
  }

  async trace(id: number): Promise<TraceState> {
    return (await this.ask("trace", { id })) as TraceState;
  }
}

export class TraceStore {
  readonly kernel: Kernel<TracesState, TracesDelta>;
  readonly comparison: Comparison;
  /** A trace that was chosen instead of the one that the widget shows. */
  picked: TraceState | null = null;
  isBusy = false;
  error = "";
  private readonly listeners = new Set<() => void>();

  constructor(model: Model, signal: AbortSignal) {
    const changed = (): void => this.changed();
    this.kernel = new Kernel(model, { apply: (_, delta) => delta.state, changed }, signal);
    this.comparison = new Comparison((name, args) => this.kernel.command(name, args).result, changed);
    void this.kernel.resync();
  }

  subscribe(listener: () => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  get shown(): TraceState | null {
    return this.picked ?? this.kernel.state?.shown ?? null;
  }

  /** Show another request; null goes back to what the widget shows. */
  pick(id: number | null): Promise<void> {
    return this.run(async () => {
      this.picked = id === null ? null : await this.comparison.trace(id);
      this.comparison.other = null;
    });
  }

  /** Send the shown request again, traced, and show that. */
  replay(): Promise<void> {
    const id = this.shown?.id;
    return this.run(async () => {
      this.picked = (await this.kernel.command("replay", { id }).result) as TraceState;
    });
  }

  setTracing(on: boolean): Promise<void> {
    const { state } = this.kernel;
    if (state) this.kernel.state = { ...state, is_tracing: on }; // until the kernel says so itself
    return this.run(async () => void (await this.kernel.command("tracing", { on }).result));
  }

  private async run(act: () => Promise<void>): Promise<void> {
    this.isBusy = true;
    this.error = "";
    this.changed();
    try {
      await act();
    } catch (error) {
      this.error = messageOf(error);
    }
    this.isBusy = false;
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
