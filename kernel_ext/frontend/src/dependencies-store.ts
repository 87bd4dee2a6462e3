/** What all views of one widget of dependencies share: the tree that is shown, and the line to the kernel. */
import { Kernel, type Model } from "./kernel";
import type { DependenciesDelta, DependenciesState } from "./protocol";

export class DependenciesStore {
  readonly kernel: Kernel<DependenciesState, DependenciesDelta>;
  private readonly listeners = new Set<() => void>();

  constructor(model: Model, signal: AbortSignal) {
    const changed = (): void => this.listeners.forEach((listener) => listener());
    this.kernel = new Kernel(model, { apply: (_, delta) => delta.state, changed }, signal);
    void this.kernel.resync();
  }

  subscribe(listener: () => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  /** Show another operation; the kernel says so to all places. */
  show(operation: string): void {
    this.kernel.command("show", { operation }).result.catch(() => undefined);
  }
}
