/** The explorer's bundle. */
import { HostContext, StoreContext, UidContext } from "./parts/context";
import { ExplorerView } from "./parts/explorer-view";
import { Store } from "./store";
import { type RootProps, defineView } from "./view";

const Root = ({ store, uid, host }: RootProps<Store>) => (
  <UidContext.Provider value={uid}>
    <HostContext.Provider value={host}>
      <StoreContext.Provider value={store}>
        <ExplorerView />
      </StoreContext.Provider>
    </HostContext.Provider>
  </UidContext.Provider>
);

export default defineView((model, signal) => new Store(model, signal), Root);
