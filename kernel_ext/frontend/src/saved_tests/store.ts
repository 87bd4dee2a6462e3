/** The state that all views of saved tests share: the tests, the one being edited, the values of variables. */
import { CommandError, Kernel, type Model } from "../kernel";
import type { Expectation, SavedTestsDelta, SavedTestsState } from "../protocol";
import { applySavedTestsDelta } from "./expectations";

export class SavedTestsStore {
  readonly kernel: Kernel<SavedTestsState, SavedTestsDelta>;
  /** The values of variables. They are sent with each run and stay in this page. */
  values: { [name: string]: string } = {};
  /** The name of the test being edited. */
  edited: string | null = null;
  problem = "";
  isRunning = false;
  private readonly listeners = new Set<() => void>();

  constructor(model: Model, signal: AbortSignal) {
    this.kernel = new Kernel(model, { apply: applySavedTestsDelta, changed: (): void => this.draw() }, signal);
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

  setValues(values: { [name: string]: string }): void {
    this.values = values;
    this.draw();
  }

  /** Run these tests, or all of them. */
  async run(names: string[] | null): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    await this.send("run", { names, values: this.values });
    this.isRunning = false;
    this.draw();
  }

  async change(name: string, newName: string, expectations: Expectation[]): Promise<void> {
    if (await this.send("change", { name, new_name: newName, expectations })) this.edit(null);
  }

  async remove(name: string): Promise<void> {
    await this.send("remove", { name });
  }

  /** Send a command. Return whether it succeeded; show the error if it didn't. */
  private async send(command: string, args: unknown): Promise<boolean> {
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
