/**
 * The explorer's entry for anywidget: one store a model, any number of views on it.
 *
 * Nothing is kept in the model's traits, so that the notebook does not grow; what a view registers goes with its
 * signal.
 */
import { render as mount } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Model } from "./kernel";
import { ViewContext } from "./parts/context";
import { ExplorerView } from "./parts/explorer-view";
import { Store } from "./store";

interface Place {
  model: Model;
  el: HTMLElement;
  signal: AbortSignal;
}

let views = 0;

function Root({ store, uid }: { store: Store; uid: string }) {
  const [, draw] = useState(0);
  const view = useMemo(() => ({ store, uid }), [store, uid]);
  useEffect(() => {
    const controller = new AbortController();
    store.subscribe(() => draw((count) => count + 1), controller.signal);
    draw((count) => count + 1); // for what changed between the first drawing and the subscription
    return () => controller.abort();
  }, [store]);
  return (
    <ViewContext.Provider value={view}>
      <ExplorerView />
    </ViewContext.Provider>
  );
}

/** anywidget calls this once a model; `initialize` and `render` of that model share what it closes over. */
export default function explorer() {
  let store: Store | undefined;
  return {
    initialize({ model, signal }: Omit<Place, "el">): void {
      store = new Store(model, signal);
    },
    render({ model, el, signal }: Place): void {
      store ??= new Store(model, signal);
      el.classList.add("rb-view");
      mount(<Root store={store} uid={`rb${++views}`} />, el);
      signal.addEventListener("abort", () => mount(null, el));
    },
  };
}
