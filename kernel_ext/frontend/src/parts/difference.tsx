/** What the last run changed in the OpenAPI document, asked for when it is opened. */
import { useEffect, useState } from "preact/hooks";
import { visible } from "../words";
import { useStore } from "./context";
import { Icon } from "./icon";

const SIGNS: { [sign: string]: string } = { "+": "is-added", "-": "is-removed", "@": "is-gap" };
const MAX_LINES = 2000;

function Lines({ lines }: { lines: string[] }) {
  if (!lines.length) return <p class="rb-small rb-2">Nothing changed in the document.</p>;
  return (
    <pre class="rb-code rb-code--plain rb-code--tall rb-diff" tabIndex={0} role="group" aria-label="Difference">
      {lines.slice(0, MAX_LINES).map((line, index) => (
        <span key={index} class={SIGNS[line[0] ?? ""]}>
          {line.startsWith("@@") ? "…" : visible(line)}
          {"\n"}
        </span>
      ))}
      {lines.length > MAX_LINES && `… ${lines.length - MAX_LINES} lines more`}
    </pre>
  );
}

/** `version` changes with what is compared, so that an open difference follows. */
export function Difference({
  operation,
  version,
  title,
}: {
  operation: string | null;
  version: unknown;
  title: string;
}) {
  const store = useStore();
  const [isOpen, setOpen] = useState(false);
  const [lines, setLines] = useState<string[] | string | null>(null);
  useEffect(() => {
    if (!isOpen) return;
    let isCurrent = true;
    store.difference(operation).then(
      (found) => isCurrent && setLines(found),
      (error: Error) => isCurrent && setLines(error.message),
    );
    return () => {
      isCurrent = false;
    };
  }, [isOpen, operation, version]);
  return (
    <details class="rb-fold rb-small" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <Icon name={isOpen ? "down" : "right"} />
        {title}
      </summary>
      {isOpen &&
        (lines === null ? (
          <p class="rb-2" role="status">
            Reading the difference…
          </p>
        ) : typeof lines === "string" ? (
          <p role="alert">{visible(lines)}</p>
        ) : (
          <Lines lines={lines} />
        ))}
    </details>
  );
}
