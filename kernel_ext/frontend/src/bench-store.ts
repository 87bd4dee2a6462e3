/** What all places that show one view of runs share: the runs, which are shown, and the next one as it is written. */
import { applyBench, formerOf, planOf } from "./bench-live";
import { CommandError, Kernel, type Model } from "./kernel";
import type { BenchArguments, BenchDelta, BenchRun, BenchState, SendArguments } from "./protocol";

/** The next run, as a person writes it. */
export interface Plan {
  method: string;
  target: string;
  headers: string;
  body: string;
  count: string;
  concurrency: string;
  served: boolean;
  /** The operation whose credentials are sent too, where a view is signed in. */
  operation: string | null;
  /** Whose they are: "OAuth2, as mira". */
  signers: string;
  /** The run that it was made from: the secrets that the page has not are taken from there. */
  like: number | null;
}

const FIRST: Plan = {
  method: "GET",
  target: "/",
  headers: "",
  body: "",
  count: "5000",
  concurrency: "16",
  served: false,
  operation: null,
  signers: "",
  like: null,
};

export class BenchStore {
  readonly kernel: Kernel<BenchState, BenchDelta>;
  problem = "";
  /** The run that a person chose beside the shown one; null: none; undefined: the one before it. */
  beside: number | null | undefined = undefined;
  private chosen: number | null = null;
  private written: Plan | null = null;
  private offered = "";
  private readonly listeners = new Set<() => void>();

  constructor(model: Model, signal: AbortSignal) {
    const listener = {
      apply: applyBench,
      changed: (): void => this.changed(),
      delta: (delta: BenchDelta): void => {
        if (delta.shown !== undefined) this.choose(null);
      },
    };
    this.kernel = new Kernel(model, listener, signal);
    void this.kernel.resync();
  }

  subscribe(listener: () => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  get runs(): BenchRun[] {
    return this.kernel.state?.runs ?? [];
  }

  /** The run that is shown. */
  get run(): BenchRun | undefined {
    const id = this.chosen ?? this.kernel.state?.shown;
    return this.runs.find((run) => run.id === id) ?? this.runs.at(-1);
  }

  /** The run beside it. */
  get former(): BenchRun | undefined {
    const { run, beside } = this;
    if (!run || beside === null) return undefined;
    return beside === undefined ? formerOf(run, this.runs) : this.runs.find(({ id }) => id === beside);
  }

  choose(id: number | null): void {
    this.chosen = id;
    this.beside = undefined;
    this.changed();
  }

  compare(id: number | null): void {
    this.beside = id;
    this.changed();
  }

  /** The next run: what was written, else as the shown one was. */
  get plan(): Plan {
    const { run } = this;
    if (this.written || !run) return this.written ?? FIRST;
    const { method, target, headers, body, count, concurrency, served } = run.arguments;
    return {
      method,
      target,
      headers: headers.map(([name, value]) => `${name}: ${value}`).join("\n"),
      body: body ?? "",
      count: String(count),
      concurrency: String(concurrency),
      served,
      operation: null,
      signers: "",
      like: run.id,
    };
  }

  write(change: Partial<Plan>): void {
    this.written = { ...this.plan, ...change };
    this.changed();
  }

  /** The explorer has this request filled in: it is the next run's, unless that has been offered before. */
  offer(request: SendArguments, signers: string): void {
    const plan = { ...planOf(request), signers };
    const offered = JSON.stringify(plan);
    if (offered === this.offered) return;
    this.offered = offered;
    this.problem = request.body.kind === "multipart" ? "A form with files is not sent here: measure it without." : "";
    this.write(plan);
  }

  async start(args: BenchArguments): Promise<void> {
    await this.do("start", args);
  }

  async stop(id: number): Promise<void> {
    await this.do("stop", { id });
  }

  private async do(command: string, args: unknown): Promise<void> {
    try {
      await this.kernel.command(command, args).result;
      this.problem = "";
    } catch (error) {
      this.problem = error instanceof CommandError ? error.message : String(error);
    }
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
