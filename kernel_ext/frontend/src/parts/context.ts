/** What every part of a view may ask for: a prefix that keeps the ids of several views apart, and in the explorer its store. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { FormStore } from "../form-store";
import type { Store } from "../store";
import type { Host } from "../view";

export const UidContext = createContext("rb");
/** Finds other views of the notebook; undefined where the front end cannot. */
export const HostContext = createContext<Host | undefined>(undefined);
export const StoreContext = createContext<Store | null>(null);
/** For views other than the explorer that have forms. */
export const FormStoreContext = createContext<FormStore | null>(null);

export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error("A part of the explorer was used outside of it.");
  return store;
}

export const useFormStore = (): FormStore => useContext(FormStoreContext) ?? useStore();

export const useUid = (): string => useContext(UidContext);
