/** A list of nodes with levels as a tree. Pure. */
import type { DependencyNode } from "./protocol";

export interface Branch {
  node: DependencyNode;
  /** Its place in the list. */
  number: number;
  below: Branch[];
}

/** The nodes, each with those below it. */
export function branches(nodes: DependencyNode[]): Branch[] {
  const roots: Branch[] = [];
  const open: Branch[] = [];
  nodes.forEach((node, number) => {
    const branch: Branch = { node, number, below: [] };
    open.length = Math.min(open.length, node.level);
    (open.at(-1)?.below ?? roots).push(branch);
    open.push(branch);
  });
  return roots;
}
