/** The tree of what an operation calls: what is shared is drawn once, and named where else it is used. */
import type { ComponentChildren } from "preact";
import type { DependencyNode, DependencyTree } from "../protocol";
import { type Branch, branches } from "../tree";
import { plural, visible } from "../words";
import { CellLink } from "./badges";
import { useUid } from "./context";
import { Icon } from "./icon";

const ENDS = { function: "ends before the response is sent", request: "ends after the response" };

const Chip = ({ children, warn }: { children: ComponentChildren; warn?: boolean }) => (
  <li class={warn ? "is-warn" : undefined}>{children}</li>
);

/** What there is to say of a callable that runs. */
function Chips({ node }: { node: DependencyNode }) {
  const { kind, in_thread, uses, is_fresh, scope, replaced, scheme, oauth_scopes, parameters, injected } = node;
  return (
    <ul class="rb-deps__chips rb-small">
      {replaced && (
        <Chip warn>
          <Icon name="replay" /> in place of <code>{visible(replaced)}</code>, by an override
        </Chip>
      )}
      {scheme && (
        <Chip>
          <Icon name="lock" /> security scheme {visible(scheme)}
        </Chip>
      )}
      {oauth_scopes.length > 0 && <Chip>scopes {visible(oauth_scopes.join(", "))}</Chip>}
      <Chip>
        <code>{kind}</code>
        {in_thread && ", in a thread"}
      </Chip>
      {parameters.length > 0 && (
        <Chip>
          reads{" "}
          {parameters.map(({ name, source }, index) => (
            <span key={name}>
              {index > 0 && ", "}
              <code>{visible(name)}</code> <span class="rb-2">{source}</span>
            </span>
          ))}
        </Chip>
      )}
      {injected.length > 0 && <Chip>is given the {injected.join(", the ")}</Chip>}
      {uses > 1 && (
        <Chip>
          <Icon name="diamond" /> used {uses} times, runs once
        </Chip>
      )}
      {is_fresh && <Chip>runs anew here: use_cache=False</Chip>}
      {scope && <Chip>{ENDS[scope]}</Chip>}
    </ul>
  );
}

/** A second use: the way to the first. */
const Shared = ({ node, first }: { node: DependencyNode; first: string }) => (
  <span class="rb-small rb-2">
    <Icon name="diamond" /> shared:{" "}
    <button type="button" class="rb-link" onClick={() => document.getElementById(first)?.focus()}>
      <span class="rb-sr">{visible(node.name)} </span>runs above
    </button>
  </span>
);

function BranchView({ branch: { node, number, below } }: { branch: Branch }) {
  const uid = useUid();
  return (
    <li>
      <div class="rb-deps__node" id={`${uid}-dep-${number}`} tabIndex={-1}>
        <div class="rb-line">
          <code class="rb-deps__name">{visible(node.name)}</code>
          <span class="rb-small rb-2">
            {node.level === 0 ? (
              "endpoint"
            ) : node.parameter ? (
              <>
                for <code>{visible(node.parameter)}</code>
              </>
            ) : (
              "nobody takes its result"
            )}
          </span>
          {node.shared_with !== null && <Shared node={node} first={`${uid}-dep-${node.shared_with}`} />}
          <span class="rb-push rb-small">{node.cell ? <CellLink cell={node.cell} /> : node.file && visible(node.file)}</span>
        </div>
        {node.shared_with === null && <Chips node={node} />}
      </div>
      {below.length > 0 && (
        <ul>
          {below.map((branch) => (
            <BranchView key={branch.number} branch={branch} />
          ))}
        </ul>
      )}
    </li>
  );
}

export function DependencyTreeView({ tree }: { tree: DependencyTree }) {
  const count = tree.nodes.filter(({ level, runs }) => level > 0 && runs).length;
  return (
    <section aria-label={`Dependencies of ${visible(tree.operation)}`}>
      <p class="rb-small rb-2 rb-deps__count">
        {count
          ? `${plural(count, "dependency runs", "dependencies run")}, those below before those above.`
          : "No dependencies: only the endpoint runs."}
      </p>
      <ul class="rb-deps">
        {branches(tree.nodes).map((branch) => (
          <BranchView key={branch.number} branch={branch} />
        ))}
      </ul>
    </section>
  );
}
