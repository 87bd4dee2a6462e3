/** The store of the view of sockets, for its parts. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { SocketStore } from "../../socket-store";

export const SocketContext = createContext<SocketStore | null>(null);

export function useSockets(): SocketStore {
  const store = useContext(SocketContext);
  if (!store) throw new Error("A part of the view of sockets was used outside of it.");
  return store;
}
