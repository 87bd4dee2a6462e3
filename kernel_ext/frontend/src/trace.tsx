/** The trace's bundle. */
import { UidContext } from "./parts/context";
import { TraceView } from "./parts/trace-view";
import { TraceStore } from "./trace-store";
import { defineView } from "./view";

const Root = ({ store, uid }: { store: TraceStore; uid: string }) => (
  <UidContext.Provider value={uid}>
    <TraceView store={store} />
  </UidContext.Provider>
);

export default defineView((model, signal) => new TraceStore(model, signal), Root);
