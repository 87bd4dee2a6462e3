/**
 * How a view is mounted: one store a model, any number of views on it.
 *
 * Nothing is kept in the model's traits, so that the notebook does not grow; what a view registers goes with its
 * signal. The bundle's default export is what `loader.ts` calls.
 */
import { type FunctionComponent, render as mount } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Model } from "./kernel";

/** What the views of one model share; it tells them when to draw. */
export interface Subscribable {
  /** Call `listener` after every change until the signal aborts. */
  subscribe(listener: () => void, signal: AbortSignal): void;
}

export interface Place {
  model: Model;
  el: HTMLElement;
  signal: AbortSignal;
  host?: Host | undefined;
}

/** What a view's widget tells the view that it is shown inside of. */
export interface Inside {
  store: Promise<unknown>;
}

/** The part of anywidget's host that is used here: it finds other widgets of the notebook. */
export interface Host {
  getWidget(reference: string): Promise<{
    exports: Inside;
    render(place: { el: HTMLElement; signal: AbortSignal }): Promise<void>;
  }>;
}

/** A view of one model, as a bundle exports it. */
export interface ViewModule {
  /** Make what the views of a model share; `signal` ends with the model. */
  open(model: Model, signal: AbortSignal): unknown;
  /** Mount one view of it. */
  mount(store: unknown, el: HTMLElement, signal: AbortSignal, host?: Host): void;
}

/** Tells the bundles of one page apart, each of which counts its own views: ids and radio groups are the page's. */
const PREFIX = `rb${Math.random().toString(36).slice(2, 8)}-`;
let views = 0;

/** What a view's root component gets: its store, a prefix for its ids, and what finds other views. */
export interface RootProps<Store> {
  store: Store;
  uid: string;
  host: Host | undefined;
}

/** A view from its store and its root component. */
export function defineView<Store extends Subscribable>(
  open: (model: Model, signal: AbortSignal) => Store,
  Root: FunctionComponent<RootProps<Store>>,
): ViewModule {
  function Live({ store, uid, host }: RootProps<Store>) {
    const [, draw] = useState(0);
    useEffect(() => {
      const controller = new AbortController();
      store.subscribe(() => draw((count) => count + 1), controller.signal);
      draw((count) => count + 1); // for what changed between the first drawing and the subscription
      return () => controller.abort();
    }, [store]);
    return <Root store={store} uid={uid} host={host} />;
  }
  return {
    open,
    mount(store, el, signal, host) {
      el.classList.add("rb-view");
      mount(<Live store={store as Store} uid={`${PREFIX}${++views}`} host={host} />, el);
      signal.addEventListener("abort", () => mount(null, el));
    },
  };
}
