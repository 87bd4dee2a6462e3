/** What every part of a view may ask for: a prefix that keeps the ids of several views apart, and in the explorer its store. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Store } from "../store";

export const UidContext = createContext("rb");
export const StoreContext = createContext<Store | null>(null);

export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error("A part of the explorer was used outside of it.");
  return store;
}

export const useUid = (): string => useContext(UidContext);
