/** The bundle of the bench. */
import { BenchStore } from "./bench-store";
import { BenchView } from "./parts/bench/view";
import { UidContext } from "./parts/context";
import { defineView } from "./view";

const Root = ({ store, uid }: { store: BenchStore; uid: string }) => (
  <UidContext.Provider value={uid}>
    <BenchView store={store} />
  </UidContext.Provider>
);

export default defineView((model, signal) => new BenchStore(model, signal), Root);
