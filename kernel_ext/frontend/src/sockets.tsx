/** The bundle of the view of sockets. */
import { FormStoreContext, UidContext } from "./parts/context";
import { SocketContext } from "./parts/sockets/context";
import { SocketsView } from "./parts/sockets/view";
import { SocketStore } from "./socket-store";
import { defineView } from "./view";

const Root = ({ store, uid }: { store: SocketStore; uid: string }) => (
  <UidContext.Provider value={uid}>
    <FormStoreContext.Provider value={store}>
      <SocketContext.Provider value={store}>
        <SocketsView />
      </SocketContext.Provider>
    </FormStoreContext.Provider>
  </UidContext.Provider>
);

export default defineView((model, signal) => new SocketStore(model, signal), Root);
