/** The log's bundle. */
import { LogView } from "./log/view";
import { LogStore } from "./log/store";
import { UidContext } from "./parts/context";
import { defineView } from "./view";

const Root = ({ store, uid }: { store: LogStore; uid: string }) => (
  <UidContext.Provider value={uid}>
    <LogView store={store} />
  </UidContext.Provider>
);

export default defineView((model, signal) => new LogStore(model, signal), Root);
