/**
 * A list of many rows of one height, of which only those in sight are in the document.
 *
 * It stays at its end while a person has not scrolled away; arrow keys choose a row. Rows that go at the beginning do
 * not move the others under the reader's eyes.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const OVERSCAN = 8;
const STEPS: { [key: string]: number } = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

export function VirtualList({
  id,
  label,
  first,
  count,
  rowHeight,
  maxHeight,
  chosen,
  onChoose,
  row,
}: {
  id: string;
  label: string;
  /** The number of the first row; it grows when rows go at the beginning. */
  first: number;
  /** How many rows there are. */
  count: number;
  rowHeight: number;
  maxHeight: number;
  /** The number of the chosen row. */
  chosen: number | null;
  onChoose: (number: number) => void;
  row: (number: number) => ComponentChildren;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const isAtEnd = useRef(true);
  const known = useRef(first);
  const height = Math.min(maxHeight, count * rowHeight);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (isAtEnd.current) element.scrollTop = element.scrollHeight;
    else if (first !== known.current) element.scrollTop -= (first - known.current) * rowHeight;
    known.current = first;
    setTop(element.scrollTop);
  }, [first, count]);

  const onScroll = ({ currentTarget }: { currentTarget: HTMLDivElement }): void => {
    isAtEnd.current = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < rowHeight;
    setTop(currentTarget.scrollTop);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined || !count) return;
    event.preventDefault();
    const from = chosen ?? (step > 0 ? first - 1 : first + count);
    const next = Math.min(first + count - 1, Math.max(first, from + step));
    onChoose(next);
    const element = box.current;
    const at = (next - first) * rowHeight;
    if (element && at < element.scrollTop) element.scrollTop = at;
    else if (element && at + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = at + rowHeight - element.clientHeight;
  };

  const from = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const to = Math.min(count, Math.ceil((top + height) / rowHeight) + OVERSCAN);
  const numbers = Array.from({ length: Math.max(0, to - from) }, (_, index) => first + from + index);
  return (
    <div
      class="rb-vlist"
      ref={box}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={chosen === null ? undefined : `${id}-${chosen}`}
      style={{ blockSize: `${height}px` }}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ blockSize: `${count * rowHeight}px`, position: "relative" }}>
        {numbers.map((number) => (
          <div
            key={number}
            class="rb-vlist__row"
            role="option"
            id={`${id}-${number}`}
            aria-selected={number === chosen}
            aria-setsize={count}
            aria-posinset={number - first + 1}
            style={{ insetBlockStart: `${(number - first) * rowHeight}px`, blockSize: `${rowHeight}px` }}
            onClick={() => onChoose(number)}
          >
            {row(number)}
          </div>
        ))}
      </div>
    </div>
  );
}
