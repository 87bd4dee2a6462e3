/** The explorer's tabs on what happens inside: the last answer's trace, and the tree of what the operation calls. */
import { useState } from "preact/hooks";
import type { DependencyTree, OperationState, TraceState } from "../protocol";
import { visible } from "../words";
import { useAsked } from "./asked";
import { useStore } from "./context";
import { DependencyTreeView } from "./dependency-tree";
import { CompareWith } from "./trace-choice";
import { TracePanel } from "./trace-panel";

const Waiting = ({ error, words }: { error: string; words: string }) => (
  <p class={error ? "rb-bad" : "rb-2"} role={error ? "alert" : "status"}>
    {visible(error || words)}
  </p>
);

/** How the last request from this explorer was served. */
export function InsideTrace({ operation }: { operation: OperationState }) {
  const store = useStore();
  const [otherId, setOther] = useState<number | null>(null);
  const id = store.answers.get(operation.id)?.exchange?.id ?? null;
  const revision = store.kernel.state?.revision;
  const trace = useAsked<TraceState>("trace", id === null ? null : { id }, revision);
  const other = useAsked<TraceState>("trace", otherId === null ? null : { id: otherId }, null);
  if (id === null)
    return (
      <div class="rb-stack">
        <p>
          <strong>No trace yet.</strong>
        </p>
        <p class="rb-2">Send a request under Try; its steps show here, with the code that served it.</p>
      </div>
    );
  if (!trace.value) return <Waiting error={trace.error} words="Reading the trace…" />;
  if (!trace.value.is_traced) return <Waiting error="" words="This request was not traced: no operation answered it." />;
  const { others } = trace.value;
  return (
    <>
      {others.length > 0 && (
        <div class="rb-trace__choose">
          <CompareWith others={others} chosen={otherId} onChoose={setOther} />
        </div>
      )}
      <TracePanel trace={trace.value} other={other.value} />
    </>
  );
}

/** What the operation calls, as its cells stand now. */
export function InsideDependencies({ operation }: { operation: OperationState }) {
  const revision = useStore().kernel.state?.revision;
  const { value, error } = useAsked<DependencyTree>("dependencies", { operation: operation.id }, revision);
  return value ? <DependencyTreeView tree={value} /> : <Waiting error={error} words="Reading the tree…" />;
}
