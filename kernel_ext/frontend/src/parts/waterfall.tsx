/** The waterfall: a tree of steps with their bars, moved through with the arrow keys. */
import { useEffect, useRef } from "preact/hooks";
import type { TraceRow } from "../protocol";
import { type Line, inMs, tick, visibleLines } from "../waterfall";
import { visible } from "../words";
import { useUid } from "./context";
import { Icon } from "./icon";

const percent = (value: number): string => `${Math.max(0, Math.min(value * 100, 100)).toFixed(2)}%`;

/** A row's bars; those of another trace stand below it, outlined. */
function Bars({ row, scale, isOther }: { row: TraceRow; scale: number; isOther?: boolean }) {
  const { band, start_ms, elapsed_ms, extent } = row;
  const from = isOther ? " is-other" : "";
  return (
    <>
      {extent && (
        <i class={`rb-bar__line${from}`} style={{ "--s": percent(extent[0] / scale), "--w": percent(extent[1] / scale) }} />
      )}
      {band === "hit" && start_ms !== null && <i class={`rb-bar__hit${from}`} style={{ "--s": percent(start_ms / scale) }} />}
      {band !== "line" && band !== "hit" && start_ms !== null && (
        <i
          class={`rb-bar__b${from}`}
          data-b={band}
          style={{ "--s": percent(start_ms / scale), "--w": percent((elapsed_ms ?? 0) / scale) }}
        />
      )}
    </>
  );
}

function When({ row }: { row: TraceRow }) {
  if (row.band === "skip") return <span class="rb-sr">did not run</span>;
  const start = row.start_ms ?? row.extent?.[0];
  return start === undefined ? null : <span class="rb-sr">starts at {inMs(start)} ms</span>;
}

function Time({ row }: { row: TraceRow }) {
  if (row.band === "hit")
    return (
      <>
        <Icon name="diamond" />
        <span class="rb-sr">cached</span>
      </>
    );
  return <>{row.elapsed_ms === null ? "–" : inMs(row.elapsed_ms)}</>;
}

const difference = (row: TraceRow, other: TraceRow | null): string => {
  if (!other || row.elapsed_ms === null || other.elapsed_ms === null) return "–";
  const ms = row.elapsed_ms - other.elapsed_ms;
  return Math.abs(ms) < 0.005 ? "=" : `${ms > 0 ? "+" : "−"}${inMs(Math.abs(ms))}`;
};

const CLASSES: { [band: string]: string } = { bad: "is-bad", refused: "is-warn", skip: "is-skip" };

export function Waterfall({
  label,
  lines,
  totalMs,
  sentMs,
  otherId,
  closed,
  onFold,
  chosen,
  onChoose,
  onOpen,
}: {
  label: string;
  lines: Line[];
  totalMs: number;
  sentMs: number;
  otherId: number | null;
  closed: ReadonlySet<number>;
  onFold: (index: number, isClosed: boolean) => void;
  chosen: number;
  onChoose: (index: number) => void;
  onOpen: () => void;
}) {
  const uid = useUid();
  const step = tick(totalMs);
  const scale = step * 4;
  const shown = visibleLines(lines, closed);
  const focusNext = useRef(false);
  const at = Math.max(0, shown.findIndex(({ index }) => index === chosen));
  const row = (index: number): HTMLElement | null => document.getElementById(`${uid}-step-${index}`);
  useEffect(() => {
    if (focusNext.current) row(shown[at]?.index ?? 0)?.focus();
    focusNext.current = false;
  });
  const choose = (line: Line | undefined): void => {
    if (!line) return;
    focusNext.current = true;
    onChoose(line.index);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const line = shown[at];
    if (!line || event.altKey || event.ctrlKey || event.metaKey) return;
    const isClosed = closed.has(line.index);
    const parent = shown
      .slice(0, at)
      .reverse()
      .find((other) => other.row.level < line.row.level);
    const acts: { [key: string]: () => void } = {
      ArrowDown: () => choose(shown[at + 1]),
      ArrowUp: () => choose(shown[at - 1]),
      Home: () => choose(shown[0]),
      End: () => choose(shown.at(-1)),
      ArrowRight: () => (line.isParent && isClosed ? onFold(line.index, false) : line.isParent && choose(shown[at + 1])),
      ArrowLeft: () => (line.isParent && !isClosed ? onFold(line.index, true) : choose(parent)),
      Enter: onOpen,
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    focusNext.current = true;
    act();
  };
  const columns = otherId === null ? 3 : 4;
  const firstAfter = lines.find(({ row: { is_after } }) => is_after)?.index ?? -1;
  return (
    <table class="rb-wf" role="treegrid" aria-label={label} onKeyDown={onKeyDown} style={{ "--sent": percent(sentMs / scale) }}>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col" class="rb-wf__axis">
            <span class="rb-sr">When, in milliseconds</span>
            {[0, 1, 2, 3].map((mark) => (
              <span key={mark} aria-hidden="true" style={{ insetInlineStart: `${mark * 25}%` }}>
                {+(mark * step).toPrecision(3)}
              </span>
            ))}
            <span class="rb-wf__end" aria-hidden="true">
              {+scale.toPrecision(3)} ms
            </span>
          </th>
          <th scope="col" class="is-num">
            ms
          </th>
          {otherId !== null && (
            <th scope="col" class="is-num">
              <span class="rb-sr">more than in </span>± {otherId}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {shown.map((line) => {
          const { index, row: each, isParent, other, isOther } = line;
          return [
            index === firstAfter && (
              <tr class="rb-wf__sent" key="sent" aria-level={1}>
                <td colSpan={columns}>response sent at {inMs(sentMs)} ms; the client goes on from here</td>
              </tr>
            ),
            <tr
              key={index}
              id={`${uid}-step-${index}`}
              class={isOther ? "is-skip" : CLASSES[each.band]}
              aria-level={each.level}
              aria-expanded={isParent ? !closed.has(index) : undefined}
              aria-selected={index === chosen}
              tabIndex={index === (shown[at]?.index ?? 0) ? 0 : -1}
              onClick={() => onChoose(index)}
            >
              <th scope="row">
                <span class="rb-wf__name" style={{ "--in": `${(each.level - 1) * 14}px` }}>
                  {isParent ? (
                    <span
                      class="rb-wf__fold"
                      onClick={(event) => {
                        event.stopPropagation();
                        onFold(index, !closed.has(index));
                      }}
                    >
                      <Icon name={closed.has(index) ? "right" : "down"} />
                    </span>
                  ) : (
                    <span class="rb-wf__gap" />
                  )}
                  <span class="rb-clip" title={visible(`${each.label} ${each.note}`)}>
                    {each.is_code ? <code>{visible(each.label)}</code> : visible(each.label)}{" "}
                    <span class="rb-2">{isOther ? `only in ${otherId}` : visible(each.note)}</span>
                  </span>
                </span>
              </th>
              <td class="rb-wf__bar">
                <When row={each} />
                {!isOther && <Bars row={each} scale={scale} />}
                {other && <Bars row={other} scale={scale} isOther />}
              </td>
              <td class="is-num">{isOther ? "–" : <Time row={each} />}</td>
              {otherId !== null && <td class="is-num">{isOther ? inMs(each.elapsed_ms ?? 0) : difference(each, other)}</td>}
            </tr>,
          ];
        })}
      </tbody>
    </table>
  );
}
