import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { CommandError, Kernel, type Model } from "../src/kernel";
import { applyDelta } from "../src/live";
import type { AppState, Command, DeltaMessage, KernelMessage } from "../src/protocol";

const APP = { operations: [], components: {} } as unknown as AppState;

class FakeModel implements Model {
  sent: Command[] = [];
  private readonly handlers = new Map<string, Set<(message: unknown) => void>>();
  on(name: string, callback: (message: unknown) => void): void {
    this.handlers.set(name, (this.handlers.get(name) ?? new Set()).add(callback));
  }
  off(name: string, callback: (message: unknown) => void): void {
    this.handlers.get(name)?.delete(callback);
  }
  send(content: unknown): void {
    this.sent.push(content as Command);
  }
  receive(message: KernelMessage<AppState, DeltaMessage>): void {
    for (const handler of this.handlers.get("msg:custom") ?? []) handler(message);
  }
  reply(index = -1): void {
    const id = this.sent.at(index)?.id ?? "";
    this.receive({ type: "reply", id, ok: true, result: null });
  }
  get listeners(): number {
    return [...this.handlers.values()].reduce((count, handlers) => count + handlers.size, 0);
  }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

function setUp() {
  const model = new FakeModel();
  const controller = new AbortController();
  const kernel = new Kernel(model, { apply: applyDelta, changed: () => undefined }, controller.signal);
  return { model, kernel, controller };
}

async function connected() {
  const all = setUp();
  const resynced = all.kernel.resync();
  all.model.receive({ type: "state", seq: 5, state: APP });
  all.model.reply();
  await resynced;
  return all;
}

test("a state makes the line live", async () => {
  const { kernel, controller } = await connected();
  assert.equal(kernel.link, "live");
  controller.abort();
});

test("a gap in the sequence asks for everything, once", async () => {
  const { model, kernel, controller } = await connected();
  model.receive({ type: "delta", seq: 8, exchange_count: 1 });
  model.receive({ type: "delta", seq: 9, exchange_count: 2 });
  assert.deepEqual(
    model.sent.map(({ command }) => command),
    ["resync", "resync"],
  );
  assert.equal(kernel.state?.exchange_count, undefined, "a delta after a gap is not applied");
  controller.abort();
});

test("a delta that overtakes its state is asked for again", async () => {
  const { model, controller } = setUp().kernel && (await connected());
  model.receive({ type: "delta", seq: 7 });
  model.receive({ type: "state", seq: 6, state: APP });
  model.reply();
  await settled();
  assert.equal(model.sent.length, 3);
  controller.abort();
});

test("deltas apply in order; one that is known already changes nothing", async () => {
  const { model, kernel, controller } = await connected();
  model.receive({ type: "delta", seq: 6, exchange_count: 1 });
  model.receive({ type: "delta", seq: 5, exchange_count: 9 });
  model.receive({ type: "state", seq: 4, state: { ...APP, title: "old" } });
  assert.equal(kernel.state?.exchange_count, 1);
  assert.equal(kernel.state?.title, undefined);
  controller.abort();
});

test("a refused command is rejected with the kernel's sentence", async () => {
  const { model, kernel, controller } = await connected();
  const { id, result } = kernel.command("cancel", { id: "x" });
  model.receive({ type: "reply", id, ok: false, error: { kind: "refused", message: "item_id is empty." } });
  await assert.rejects(
    result,
    (error: CommandError) => error.kind === "refused" && error.message === "item_id is empty.",
  );
  controller.abort();
});

test("a kernel that does not answer is lost, what waits for it fails, and it is asked again later", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { model, kernel, controller } = setUp();
    const { result } = kernel.command("send", {});
    const failed = assert.rejects(result, /no longer answers/);
    const resynced = kernel.resync();
    mock.timers.tick(4000);
    await resynced;
    await failed;
    assert.equal(kernel.link, "lost");
    const before = model.sent.length;
    mock.timers.tick(3000);
    assert.equal(model.sent.length, before + 1);
    model.receive({ type: "state", seq: 0, state: APP });
    model.reply();
    await settled();
    assert.equal(kernel.link, "live");
    controller.abort();
  } finally {
    mock.timers.reset();
  }
});

test("a closed view leaves nothing behind on the model", async () => {
  const { model, kernel, controller } = await connected();
  const { result } = kernel.command("send", {});
  controller.abort();
  await assert.rejects(result, /closed/);
  assert.equal(model.listeners, 0);
});
