/**
 * What all views of the log share: the lines as the kernel has them, the filter, what is opened, compared, sent again.
 *
 * Lines come by deltas, an exchange's details when it is opened. While many come, it draws ten times a second at most.
 */
import { CommandError, Kernel, type Model } from "../kernel";
import type { ExchangeDetail, ExchangeSummary, LogDelta, LogState, RawRequest } from "../protocol";
import { type Filter, type Line, NO_FILTER, applyLogDelta, filtered, linesOf, textsOf } from "./rows";

const DRAW_MS = 100;
const FIND_MS = 400;
const MAX_DETAILS = 30;

/** What stands below the list. */
export type Panel =
  | { kind: "detail"; id: number; from?: number }
  | { kind: "compare"; a: number; b: number }
  | { kind: "replay"; id: number }
  | { kind: "save-test"; id: number };

/** The details of an exchange, or why there are none. */
export type Loaded = { detail: ExchangeDetail } | { error: string };

export class LogStore {
  readonly kernel: Kernel<LogState, LogDelta>;
  filter: Filter = NO_FILTER;
  panel: Panel | null = null;
  /** The line that the keys act on. */
  current: string | null = null;
  /** The exchanges that are chosen to be compared, the last two. */
  chosen: number[] = [];
  /** The log as it stood when it was paused. */
  frozen: LogState | null = null;
  /** What a person must know of the last thing that was asked for. */
  said: { text: string; isError: boolean } | null = null;
  isSending = false;
  /** Whether what opens below takes the focus: not while a person moves through the list. */
  takesFocus = false;
  readonly opened = new Set<number>();
  private readonly details = new Map<number, Loaded>();
  private readonly asked = new Set<number>();
  private found = new Map<string, Set<number>>();
  private finding: ReturnType<typeof setTimeout> | undefined;
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private isStale = false;
  private lines: { of: LogState; filter: Filter; found: unknown; opened: number; lines: Line[] } | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    model: Model,
    private readonly signal: AbortSignal,
  ) {
    const listener = {
      apply: applyLogDelta,
      changed: (): void => this.followed(),
      delta: ({ set }: LogDelta): void => this.forget(set),
    };
    this.kernel = new Kernel(model, listener, signal);
    signal.addEventListener("abort", () => {
      clearTimeout(this.finding);
      clearTimeout(this.drawing);
    });
    void this.kernel.resync();
  }

  /** Call `listener` after every change until the signal aborts. */
  subscribe(listener: () => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  /** The log as it is shown: as it stands, or as it stood when it was paused. */
  get log(): LogState | null {
    return this.frozen ?? this.kernel.state;
  }

  /** How many exchanges came since it was paused. */
  get missed(): number {
    return this.frozen && this.kernel.state ? this.kernel.state.total - this.frozen.total : 0;
  }

  /** The lines that pass the filter, newest first. */
  get shown(): Line[] {
    const { log } = this;
    if (!log) return [];
    const { filter, found, opened } = this;
    const known = this.lines;
    if (known?.of === log && known.filter === filter && known.found === found && known.opened === opened.size)
      return known.lines;
    const lines = linesOf(filtered(log.exchanges, filter, found).reverse(), opened);
    this.lines = { of: log, filter, found, opened: opened.size, lines };
    return lines;
  }

  summary(id: number): ExchangeSummary | undefined {
    return this.log?.exchanges.find((exchange) => exchange.id === id);
  }

  setFilter(change: Partial<Filter>): void {
    this.filter = { ...this.filter, ...change };
    this.find();
    this.draw();
  }

  clearFilter(): void {
    this.filter = NO_FILTER;
    this.find();
    this.draw();
  }

  pause(isPaused: boolean): void {
    this.frozen = isPaused ? this.kernel.state : null;
    this.draw();
  }

  move(key: string | null): void {
    this.current = key;
    this.draw();
  }

  toggleRun(key: number): void {
    if (!this.opened.delete(key)) this.opened.add(key);
    this.lines = null;
    this.draw();
  }

  show(panel: Panel | null, takesFocus = true): void {
    if (panel?.kind === "replay" && this.details.has(panel.id)) void this.load(panel.id);
    this.panel = panel;
    this.takesFocus = takesFocus;
    this.said = null;
    this.draw();
  }

  /** Choose an exchange to be compared, or no longer; the second one shows what differs. */
  choose(id: number): void {
    this.chosen = this.chosen.includes(id) ? this.chosen.filter((one) => one !== id) : [...this.chosen, id].slice(-2);
    const [a, b] = [...this.chosen].sort((one, other) => one - other);
    if (a !== undefined && b !== undefined) this.show({ kind: "compare", a, b });
    else this.show(this.panel?.kind === "compare" ? null : this.panel);
  }

  endComparison(): void {
    this.chosen = [];
    this.show(null);
  }

  /** An exchange's details, asked for once; undefined until they are here. */
  detail(id: number): Loaded | undefined {
    const known = this.details.get(id);
    if (!known && !this.asked.has(id)) void this.load(id);
    return known;
  }

  private async load(id: number): Promise<Loaded> {
    this.asked.add(id);
    let loaded: Loaded;
    try {
      loaded = { detail: (await this.kernel.command("exchange", { id }).result) as ExchangeDetail };
    } catch (error) {
      loaded = { error: messageOf(error) };
    }
    this.asked.delete(id);
    this.keep(id, loaded);
    this.draw();
    return loaded;
  }

  private keep(id: number, loaded: Loaded): void {
    this.details.set(id, loaded);
    for (const old of this.details.keys()) {
      if (this.details.size <= MAX_DETAILS) break;
      if (old !== id) this.details.delete(old);
    }
  }

  /** A WebSocket went on: what is known of it is old. */
  private forget(changed: ExchangeSummary[]): void {
    for (const { id } of changed) this.details.delete(id);
  }

  /** Send an exchange again as it was; where something was hidden, ask for that first. */
  async replay(id: number): Promise<void> {
    if (this.isSending) return;
    let loaded = this.details.get(id) ?? (await this.load(id));
    // Who is signed in may have changed since it was read.
    if ("detail" in loaded && loaded.detail.hidden.length) loaded = await this.load(id);
    if ("error" in loaded || loaded.detail.refusal) {
      return this.say("error" in loaded ? loaded.error : loaded.detail.refusal, true);
    }
    const { request, hidden } = loaded.detail;
    if (!request || hidden.some(({ held }) => !held)) return this.show({ kind: "replay", id });
    await this.send(id, request, {});
  }

  /** Send a kept request, edited or not; its answer is opened. */
  async send(id: number, request: RawRequest, values: { [key: string]: string }): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    this.said = null;
    this.draw();
    try {
      const detail = (await this.kernel.command("send", { request, values }).result) as ExchangeDetail;
      this.keep(detail.summary.id, { detail });
      this.current = String(detail.summary.id);
      this.show({ kind: "detail", id: detail.summary.id, from: id });
    } catch (error) {
      this.say(messageOf(error), true);
    } finally {
      this.isSending = false;
      this.draw();
    }
  }

  async clear(): Promise<void> {
    try {
      await this.kernel.command("clear").result;
      this.frozen = null;
      this.chosen = [];
      this.show(null);
    } catch (error) {
      this.say(messageOf(error), true);
    }
  }

  say(text: string, isError = false): void {
    this.said = { text, isError };
    this.draw();
  }

  /** The kernel told something: what is searched for may be in what came. */
  private followed(): void {
    this.find();
    this.drawSoon();
  }

  /** Let the kernel look into bodies and headers for what is searched, soon. */
  private find(): void {
    if (this.finding) return;
    if (!textsOf(this.filter.query).length) {
      if (this.found.size) this.found = new Map();
      return;
    }
    this.finding = setTimeout(() => {
      this.finding = undefined;
      void this.ask(textsOf(this.filter.query));
    }, FIND_MS);
  }

  private async ask(texts: string[]): Promise<void> {
    if (this.signal.aborted || !texts.length) return;
    try {
      const found = (await this.kernel.command("find", { texts }).result) as { [text: string]: number[] };
      this.found = new Map(Object.entries(found).map(([text, ids]) => [text, new Set(ids)]));
      this.draw();
    } catch {
      // The line to the kernel says that it is lost; the words still match what is here.
    }
  }

  /** Draw at once: a person did something. */
  private draw(): void {
    this.isStale = false;
    for (const listener of this.listeners) listener();
  }

  /** Draw soon, with what else comes until then. */
  private drawSoon(): void {
    if (this.drawing !== undefined) {
      this.isStale = true;
      return;
    }
    this.draw();
    this.drawing = setTimeout(() => {
      this.drawing = undefined;
      if (this.isStale) this.drawSoon();
    }, DRAW_MS);
  }
}

const messageOf = (error: unknown): string => (error instanceof CommandError ? error.message : String(error));
