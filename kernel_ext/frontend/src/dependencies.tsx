/** The bundle of the view of dependencies. */
import { DependenciesStore } from "./dependencies-store";
import { UidContext } from "./parts/context";
import { DependenciesView } from "./parts/dependencies-view";
import { defineView } from "./view";

const Root = ({ store, uid }: { store: DependenciesStore; uid: string }) => (
  <UidContext.Provider value={uid}>
    <DependenciesView store={store} />
  </UidContext.Provider>
);

export default defineView((model, signal) => new DependenciesStore(model, signal), Root);
