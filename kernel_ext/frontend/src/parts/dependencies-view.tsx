/** The view of dependencies: which operation, its tree, and what is said where there is none. */
import type { DependenciesStore } from "../dependencies-store";
import { onKeyDown } from "../keyboard";
import type { DependenciesState } from "../protocol";
import { visible } from "../words";
import { DependencyTreeView } from "./dependency-tree";
import { Card } from "./card";
import { LinkState, Lost, Waiting } from "./link";

function Shown({ state: { operations, shown, gone } }: { state: DependenciesState }) {
  if (shown) return <DependencyTreeView tree={shown} />;
  if (gone)
    return (
      <p role="status">
        <strong>{visible(gone)} no longer exists.</strong>{" "}
        {operations.length > 0 && "Choose another operation above."}
      </p>
    );
  return (
    <p class="rb-2" role="status">
      No operations yet. Run a cell that defines one; it shows here at once.
    </p>
  );
}

const Choice = ({ store, state }: { store: DependenciesStore; state: DependenciesState }) => (
  <label>
    <span class="rb-sr">Operation</span>
    <select
      class="rb-select"
      value={state.shown?.operation ?? ""}
      onChange={({ currentTarget }) => store.show(currentTarget.value)}
    >
      {!state.shown && <option value="">choose an operation</option>}
      {state.operations.map((operation) => (
        <option key={operation} value={operation}>
          {visible(operation)}
        </option>
      ))}
    </select>
  </label>
);

export function DependenciesView({ store }: { store: DependenciesStore }) {
  const { kernel } = store;
  const { state } = kernel;
  return (
    <Card label="Routebook dependencies" onKeyDown={onKeyDown}>
      <header class="rb-bar">
        <h3>Dependencies</h3>
        {state && state.operations.length > 0 && <Choice store={store} state={state} />}
        <LinkState link={kernel.link} />
      </header>
      {state && kernel.link === "lost" && <Lost kernel={kernel} />}
      <div class="rb-deps__body">
        {state ? <Shown state={state} /> : <Waiting kernel={kernel} what="the application" />}
      </div>
    </Card>
  );
}
