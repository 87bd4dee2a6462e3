/** What all views of the tests share: the tests as the kernel has them, what is opened, edited, filled in. */
import { CommandError, Kernel, type Model } from "../kernel";
import type { Expectation, TestsDelta, TestsState } from "../protocol";
import { applyTestsDelta } from "./expect";

export class TestsStore {
  readonly kernel: Kernel<TestsState, TestsDelta>;
  /** The values that stand in no file; they are sent with each run and kept in this page only. */
  values: { [name: string]: string } = {};
  /** The test that is edited. */
  edited: string | null = null;
  problem = "";
  isRunning = false;
  private readonly listeners = new Set<() => void>();

  constructor(model: Model, signal: AbortSignal) {
    this.kernel = new Kernel(model, { apply: applyTestsDelta, changed: (): void => this.draw() }, signal);
    void this.kernel.resync();
  }

  /** Call `listener` after every change until the signal aborts. */
  subscribe(listener: () => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  edit(name: string | null): void {
    this.edited = name;
    this.problem = "";
    this.draw();
  }

  fill(values: { [name: string]: string }): void {
    this.values = values;
    this.draw();
  }

  /** Run these tests, or all. */
  async run(names: string[] | null): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    await this.ask("run", { names, values: this.values });
    this.isRunning = false;
    this.draw();
  }

  async change(name: string, to: string, expect: Expectation[]): Promise<void> {
    if (await this.ask("change", { name, to, expect })) this.edit(null);
  }

  async remove(name: string): Promise<void> {
    await this.ask("remove", { name });
  }

  /** Whether the kernel did it; where it did not, what it said is shown. */
  private async ask(command: string, args: unknown): Promise<boolean> {
    this.problem = "";
    this.draw();
    try {
      await this.kernel.command(command, args).result;
      return true;
    } catch (error) {
      this.problem = error instanceof CommandError ? error.message : String(error);
      this.draw();
      return false;
    }
  }

  private draw(): void {
    for (const listener of this.listeners) listener();
  }
}
