/** The explorer's bundle. */
import { StoreContext, UidContext } from "./parts/context";
import { ExplorerView } from "./parts/explorer-view";
import { Store } from "./store";
import { defineView } from "./view";

const Root = ({ store, uid }: { store: Store; uid: string }) => (
  <UidContext.Provider value={uid}>
    <StoreContext.Provider value={store}>
      <ExplorerView />
    </StoreContext.Provider>
  </UidContext.Provider>
);

export default defineView((model, signal) => new Store(model, signal), Root);
