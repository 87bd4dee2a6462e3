/** The generated function beside its trace: what each line took, the chosen step's line marked. */
import { useEffect, useRef } from "preact/hooks";
import { inMs, pythonPieces } from "../waterfall";
import { visible } from "../words";

export function GeneratedCode({
  label,
  source,
  times,
  line,
  isFailure,
}: {
  label: string;
  source: string;
  times: ReadonlyMap<number, number>;
  line: number;
  isFailure: boolean;
}) {
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    // Only the box scrolls, never the notebook around it.
    const pre = box.current;
    const marked = pre?.querySelector<HTMLElement>("[aria-current]");
    if (pre && marked) pre.scrollTop = marked.offsetTop - pre.clientHeight / 2;
  }, [line, source]);
  return (
    <pre class="rb-code rb-code--timed" role="group" tabIndex={0} aria-label={label} ref={box}>
      <code>
        {source
          .trimEnd()
          .split("\n")
          .map((text, index) => {
            const number = index + 1;
            const time = times.get(number);
            const isOn = number === line;
            return (
              <span
                key={number}
                class={`rb-l${isOn ? (isFailure ? " is-bad" : " is-on") : ""}`}
                data-n={number}
                aria-current={isOn ? "true" : undefined}
              >
                {time !== undefined && <span class="rb-l__t">{inMs(time)}</span>}
                {pythonPieces(visible(text)).map((piece, at) =>
                  piece.kind ? (
                    <span key={at} class={piece.kind}>
                      {piece.text}
                    </span>
                  ) : (
                    piece.text
                  ),
                )}
                {"\n"}
              </span>
            );
          })}
      </code>
    </pre>
  );
}
