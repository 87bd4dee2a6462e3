/** The bundle of the tests. */
import { UidContext } from "./parts/context";
import { TestsStore } from "./tests/store";
import { TestsView } from "./tests/view";
import { defineView } from "./view";

const Root = ({ store, uid }: { store: TestsStore; uid: string }) => (
  <UidContext.Provider value={uid}>
    <TestsView store={store} />
  </UidContext.Provider>
);

export default defineView((model, signal) => new TestsStore(model, signal), Root);
