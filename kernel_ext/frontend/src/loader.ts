/**
 * What every widget carries: it asks the kernel for its view's bundle, once a page, and mounts it.
 *
 * So a notebook that shows many views saves none of their code. Where the kernel does not answer, the place says so
 * and asks again by itself.
 */
import type { Model } from "./kernel";
import type { Code, Reply } from "./protocol";
import type { Inside, Place, ViewModule } from "./view";

const RETRY_MS = [3000, 6000, 12_000, 30_000, 60_000];
const LOST = "Not connected to the kernel. It reconnects by itself; after a restart, run the cells again.";

/** The bundles of this page, by what they are made of; another version of a view is another bundle. */
const modules: Map<string, Promise<ViewModule>> = ((globalThis as { routebookViews?: typeof modules }).routebookViews ??=
  new Map());

let asked = 0;

/** Ask the kernel for the view's code until it answers; `late` is told of each time that it does not. */
function fetchCode(model: Model, signal: AbortSignal, late: () => void): Promise<Code> {
  const id = `code-${Math.random().toString(36).slice(2)}-${++asked}`;
  return new Promise((resolve, reject) => {
    let tries = 0;
    let retry: ReturnType<typeof setTimeout>;
    const end = (): void => {
      clearTimeout(retry);
      model.off("msg:custom", receive);
      model.off("comm_live_update", ask);
    };
    const ask = (): void => {
      clearTimeout(retry);
      if (tries) late();
      retry = setTimeout(ask, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
      model.send({ type: "command", id, command: "code", args: null });
    };
    const receive = (message: unknown): void => {
      const reply = message as Reply;
      if (reply?.type !== "reply" || reply.id !== id) return;
      end();
      if (reply.ok) resolve(reply.result as Code);
      else reject(new Error(reply.error?.message));
    };
    model.on("msg:custom", receive);
    model.on("comm_live_update", ask);
    signal.addEventListener("abort", () => {
      end();
      reject(new Error("This view was closed."));
    });
    ask();
  });
}

function importCode({ key, js, css }: Code): Promise<ViewModule> {
  const known = modules.get(key);
  if (known) return known;
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([js], { type: "text/javascript" }));
  const loaded = (import(url) as Promise<{ default: ViewModule }>).then((module) => module.default);
  void loaded.finally(() => URL.revokeObjectURL(url));
  modules.set(key, loaded);
  return loaded;
}

interface Opened {
  view: string;
  module: ViewModule;
  store: unknown;
}

/** anywidget calls this once a model; `initialize` and `render` of that model share what it closes over. */
export default function loader() {
  let opened: Promise<Opened> | undefined;
  const waiting = new Set<HTMLElement>();
  const say = (el: HTMLElement, text: string): void => {
    el.setAttribute("role", "status");
    el.textContent = text;
  };

  async function open(model: Model, signal: AbortSignal): Promise<Opened> {
    const code = await fetchCode(model, signal, () => waiting.forEach((el) => say(el, LOST)));
    const module = await importCode(code);
    return { view: code.view, module, store: module.open(model, signal) };
  }

  return {
    /** Tells the view that this one is shown inside of about its store. */
    initialize({ model, signal }: Omit<Place, "el" | "host">): Inside {
      opened = open(model, signal);
      const store = opened.then((one) => one.store);
      store.catch(() => undefined); // each view tells it in its place
      return { store };
    },
    async render({ model, el, signal, host }: Place): Promise<void> {
      opened ??= open(model, signal);
      const place = document.createElement("div");
      el.append(place);
      waiting.add(place);
      try {
        const { view, module, store } = await opened;
        place.remove();
        el.classList.add(`rb-in-${view}`);
        if (!signal.aborted) module.mount(store, el, signal, host);
      } catch (error) {
        if (!signal.aborted) say(place, `This view could not be shown: ${(error as Error).message}`);
      } finally {
        waiting.delete(place);
      }
    },
  };
}
