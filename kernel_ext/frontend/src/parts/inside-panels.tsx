/** The explorer's tabs on what happens inside: the last answer's trace, what the operation calls, how long it takes. */
import { useState } from "preact/hooks";
import type { BenchStore } from "../bench-store";
import type { Console } from "../form-store";
import type { DependencyTree, OperationState, TraceState } from "../protocol";
import type { SocketStore } from "../socket-store";
import { socketId } from "../store";
import { visible } from "../words";
import { useAsked } from "./asked";
import { Beside } from "./beside";
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

/** The load generator, with the request that is filled in as its next run. */
export function InsideBench({ from }: { from: Console }) {
  const store = useStore();
  const signers = from.schemes.flatMap((scheme) => {
    const given = store.signedIn(scheme);
    return given ? [given.user ? `${scheme.name}, as ${given.user}` : scheme.name] : [];
  });
  const offer = async (bench: unknown): Promise<void> =>
    (bench as BenchStore).offer(await store.unsigned(from), signers.join("; "));
  return (
    <Beside view="bench" onStore={(bench) => void offer(bench)} versions={[store.draft(from), signers.join()]} />
  );
}

/** A WebSocket's console. */
export function InsideSockets({ path }: { path: string }) {
  const open = (sockets: unknown): void => (sockets as SocketStore).show({ kind: "endpoint", id: socketId(path) });
  return (
    <article class="rb-detail" aria-label={`WebSocket ${visible(path)}`}>
      <Beside view="sockets" onStore={open} versions={[path]} />
    </article>
  );
}
