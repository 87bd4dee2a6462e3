/** What every part of a view may ask for: the store, and a prefix that keeps the ids of several views apart. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Store } from "../store";

export interface View {
  store: Store;
  uid: string;
}

export const ViewContext = createContext<View | null>(null);

function useView(): View {
  const view = useContext(ViewContext);
  if (!view) throw new Error("A part of the explorer was used outside of it.");
  return view;
}

export const useStore = (): Store => useView().store;
export const useUid = (): string => useView().uid;
