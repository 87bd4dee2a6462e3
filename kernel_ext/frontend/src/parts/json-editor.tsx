/** The body as JSON text: a plain text field over a coloured copy of itself, with the refused places marked. */
import { useMemo } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { type NotJson, type Parsed, parse } from "../json";
import { shorten } from "../words";

export interface Marked {
  number: number;
  pointer: string;
  words: string;
}

const MAX_COLOURED = 20_000;
const TOKEN = /("(?:[^"\\]|\\.)*"?)(\s*:)?|-?\d[\d.eE+-]*|\b(?:true|false|null)\b/g;

function colour(line: string, from: number, waves: Set<number>): ComponentChildren[] {
  const nodes: ComponentChildren[] = [];
  let end = 0;
  for (const match of line.matchAll(TOKEN)) {
    const [whole, string, colon] = match;
    const text = string ?? whole;
    const kind =
      colon !== undefined ? "key" : string !== undefined ? "string" : /^[-\d]/.test(whole) ? "number" : "keyword";
    const shown = waves.has(from + match.index) ? <mark class="rb-wave">{text}</mark> : text;
    nodes.push(line.slice(end, match.index), <span class={`tok-${kind}`}>{shown}</span>, colon ?? "");
    end = match.index + whole.length;
  }
  return [...nodes, line.slice(end)];
}

/** The offset of a marked value; where the value is missing, of what it is missing in. */
function place(pointer: string, { spans }: Parsed): number {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
    const span = spans.get(at);
    if (span || at === "") return span?.start ?? 0;
  }
}

function Lines({ text, parsed, marks }: { text: string; parsed: Parsed | NotJson; marks: Marked[] }) {
  const places = parsed.ok ? marks.map((mark) => ({ mark, offset: place(mark.pointer, parsed) })) : [];
  const waves = new Set(places.map(({ offset }) => offset));
  let from = 0;
  return (
    <>
      {text.split("\n").map((line, index) => {
        const here = places.filter(({ offset }) => offset >= from && offset <= from + line.length);
        const isBroken = !parsed.ok && parsed.line === index + 1;
        const shown = colour(line, from, waves);
        from += line.length + 1;
        return (
          <span class={`rb-l${here.length || isBroken ? " is-warn" : ""}`} data-n={index + 1} key={index}>
            {shown}
            {here.map(({ mark }) => (
              <span class="rb-l__note" key={mark.number}>
                <span class="rb-n">{mark.number}</span>
                {mark.words}
              </span>
            ))}
            {"\n"}
          </span>
        );
      })}
    </>
  );
}

export function JsonEditor({
  id,
  text,
  label,
  describedBy,
  marks,
  onText,
}: {
  id: string;
  text: string;
  label: string;
  describedBy: string;
  marks: Marked[];
  onText: (text: string) => void;
}) {
  const isColoured = text.length <= MAX_COLOURED;
  const parsed = useMemo(() => parse(text), [text]);
  const field = (
    <textarea
      class="rb-edit__text"
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      aria-invalid={!parsed.ok || undefined}
      spellcheck={false}
      autocomplete="off"
      wrap="off"
      value={text}
      onInput={({ currentTarget }) => onText(currentTarget.value)}
    />
  );
  return (
    <>
      <div class={`rb-code rb-code--edit rb-edit${isColoured ? "" : " is-plain"}`}>
        <div class="rb-edit__stack">
          {isColoured && (
            <pre class="rb-edit__lines" aria-hidden="true">
              <Lines text={text} parsed={parsed} marks={marks} />
            </pre>
          )}
          {field}
        </div>
      </div>
      <p class="rb-small rb-edit__state" id={describedBy} role="status">
        {!parsed.ok && text.trim() && (
          <>
            Line {parsed.line}: {shorten(parsed.words, 160)}. It is sent as it stands.
          </>
        )}
      </p>
    </>
  );
}
