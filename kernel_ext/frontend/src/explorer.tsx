/** The explorer's bundle. */
import { useMemo } from "preact/hooks";
import { ViewContext } from "./parts/context";
import { ExplorerView } from "./parts/explorer-view";
import { Store } from "./store";
import { defineView } from "./view";

function Root({ store, uid }: { store: Store; uid: string }) {
  const view = useMemo(() => ({ store, uid }), [store, uid]);
  return (
    <ViewContext.Provider value={view}>
      <ExplorerView />
    </ViewContext.Provider>
  );
}

export default defineView((model, signal) => new Store(model, signal), Root);
