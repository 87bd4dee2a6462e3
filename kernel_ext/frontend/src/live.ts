/** The application's state as the kernel tells it: everything once, then what changed. Pure. */
import type { AppState, DeltaMessage, OperationState } from "./protocol";

/** The state after a delta. */
export function applyDelta(app: AppState, delta: DeltaMessage): AppState {
  const info = delta.info ?? {};
  return {
    ...app,
    title: info.title ?? app.title,
    version: info.version ?? app.version,
    description: info.description ?? app.description,
    operations: operationsAfter(app.operations, delta),
    sockets: delta.sockets ?? app.sockets,
    components: delta.components ?? app.components,
    server: delta.server ?? app.server,
    credentials: delta.credentials ?? app.credentials,
    exchange_count: delta.exchange_count ?? app.exchange_count,
    revision: delta.revision ?? app.revision,
  };
}

function operationsAfter(operations: OperationState[], { set, removed, order }: DeltaMessage): OperationState[] {
  if (!set && !removed && !order) return operations;
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  for (const id of removed ?? []) byId.delete(id);
  for (const operation of set ?? []) byId.set(operation.id, operation);
  return order ? order.flatMap((id) => byId.get(id) ?? []) : [...byId.values()];
}

/** What took the place of an operation that is gone: the one that came in the same delta, where it is only one. */
export function successor(id: string, delta: DeltaMessage, before: OperationState[]): string | null {
  if (!delta.removed?.includes(id)) return null;
  const known = new Set(before.map((operation) => operation.id));
  const added = (delta.set ?? []).filter((operation) => !known.has(operation.id));
  return delta.removed.length === 1 && added.length === 1 ? (added[0]?.id ?? null) : null;
}

/** Operations under their first tag, tags in the order in which they first appear; those without one come last. */
export function byTag(operations: OperationState[]): [string, OperationState[]][] {
  const groups = new Map<string, OperationState[]>();
  for (const operation of operations) {
    const tag = operation.tags[0] ?? "";
    groups.set(tag, [...(groups.get(tag) ?? []), operation]);
  }
  const untagged = groups.get("");
  groups.delete("");
  return [...groups, ...(untagged ? [["", untagged] as [string, OperationState[]]] : [])];
}

/** Whether an operation answers a search: every word stands in its method, path, name, summary or a tag. */
export function answers(operation: OperationState, query: string): boolean {
  const { method, path, summary, tags, operation: described } = operation;
  return matches([method, path, summary, ...tags, String(described.operationId ?? "")].join(" "), query);
}

/** Whether every word of a search stands in a text. */
export function matches(text: string, query: string): boolean {
  const lowered = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lowered.includes(word));
}
