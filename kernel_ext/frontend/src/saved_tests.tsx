/** The bundle of the view of saved tests. */
import { UidContext } from "./parts/context";
import { SavedTestsStore } from "./saved_tests/store";
import { SavedTestsView } from "./saved_tests/view";
import { defineView } from "./view";

const Root = ({ store, uid }: { store: SavedTestsStore; uid: string }) => (
  <UidContext.Provider value={uid}>
    <SavedTestsView store={store} />
  </UidContext.Provider>
);

export default defineView((model, signal) => new SavedTestsStore(model, signal), Root);
