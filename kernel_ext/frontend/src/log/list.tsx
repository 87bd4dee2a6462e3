/** The list of exchanges, newest first: only the lines in sight are in the page, so that thousands cost what ten do. */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { CellLink, Method, Path, Status } from "../parts/badges";
import { Icon, type IconName } from "../parts/icon";
import type { ExchangeSummary, Source } from "../protocol";
import { duration, plural, shorten, size, visible } from "../words";
import { type Line, keyOf, senderOf } from "./rows";
import type { LogStore } from "./store";

const NARROW_PX = 720;
const ROW_PX = { wide: 28, narrow: 48 };
const BEYOND = 8; // lines that stand ready above and below

export const SOURCE_ICONS: { [source in Source]: IconName } = { client: "cell", console: "view", server: "globe" };

export const clock = (at: number): string => new Date(at * 1000).toTimeString().slice(0, 8);

export const shownMethod = (method: string): string => (method === "WEBSOCKET" ? "WS" : method);

/** The size of the scrolled part, its position, and whether it is narrow. */
function useScroll(ref: RefObject<HTMLDivElement | null>): { top: number; height: number; isNarrow: boolean } {
  const [box, setBox] = useState({ top: 0, height: 400, isNarrow: false });
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = (): void => {
      const next = {
        top: element.scrollTop,
        height: element.clientHeight,
        isNarrow: element.clientWidth < NARROW_PX,
      };
      setBox((now) =>
        now.top === next.top && now.height === next.height && now.isNarrow === next.isNarrow ? now : next,
      );
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  return box;
}

/** While a person reads further down, lines that come on top move nothing. */
function useSteadyScroll(ref: RefObject<HTMLDivElement | null>, lines: Line[], rowPx: number): void {
  const first = useRef<string | null>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    const former = first.current;
    first.current = lines[0] ? keyOf(lines[0]) : null;
    if (!element || !former || element.scrollTop <= rowPx || former === first.current) return;
    const added = lines.findIndex((line) => keyOf(line) === former);
    if (added > 0) element.scrollTop += added * rowPx;
  }, [lines]);
}

function From({ exchange }: { exchange: ExchangeSummary }) {
  return (
    <span class="rb-log__src">
      <Icon name={SOURCE_ICONS[exchange.source]} />
      <span class="rb-clip">
        {exchange.source === "client" && exchange.cell ? (
          <CellLink cell={{ cell_id: null, label: exchange.cell, line: null }} />
        ) : (
          visible(senderOf(exchange))
        )}
      </span>
    </span>
  );
}

const Note = ({ exchange: { note, level } }: { exchange: ExchangeSummary }) =>
  note ? (
    <span class={`rb-log__note ${level === "quiet" ? "rb-2" : level === "warn" ? "rb-log__warn" : "rb-log__bad"}`}>
      {visible(note)}
    </span>
  ) : null;

const sizeOf = ({ messages, size_bytes }: ExchangeSummary): string =>
  messages === null ? size(size_bytes) : `${messages} msg`;

/** A time beside its bar; the bars of the lines in sight share one scale, square rooted so that short ones show. */
const Time = ({ ms, longest }: { ms: number; longest: number }) => (
  <span class="rb-log__ms" style={`--w:${Math.round(100 * Math.sqrt(ms / Math.max(longest, 1)))}%`}>
    {ms < 1000 ? ms.toFixed(1) : duration(ms)}
  </span>
);

function One({
  exchange,
  store,
  isCurrent,
  longest,
  index,
}: {
  exchange: ExchangeSummary;
  store: LogStore;
  isCurrent: boolean;
  longest: number;
  index: number;
}) {
  const { id } = exchange;
  const isChosen = store.chosen.includes(id);
  const { panel } = store;
  const isOpen = panel?.kind !== "compare" && panel?.id === id;
  const tab = isCurrent ? 0 : -1;
  const act = (action: () => void) => (event: Event) => {
    event.stopPropagation();
    store.current = String(id);
    action();
  };
  return (
    <tr
      class={isChosen || isOpen ? "is-on" : undefined}
      tabIndex={tab}
      data-line={id}
      aria-rowindex={index + 2}
      aria-current={isOpen ? "true" : undefined}
      onClick={act(() => store.show({ kind: "detail", id }))}
      onFocus={({ target, currentTarget }) => {
        if (target === currentTarget && store.current !== String(id)) store.move(String(id));
      }}
    >
      <td onClick={(event) => event.stopPropagation()}>
        <input
          type="checkbox"
          checked={isChosen}
          tabIndex={tab}
          aria-label={`Compare ${id}`}
          onChange={act(() => store.choose(id))}
        />
      </td>
      <td class="is-num rb-2">{id}</td>
      <td class="rb-log__time rb-2">{clock(exchange.started_at)}</td>
      <td>
        <From exchange={exchange} />
      </td>
      <th scope="row">
        <span class="rb-log__req">
          <Method name={shownMethod(exchange.method)} />
          <span class="rb-path rb-clip" title={visible(shorten(exchange.url, 500))}>
            {visible(shorten(exchange.url, 300))}
          </span>
          <Note exchange={exchange} />
        </span>
      </th>
      <td>
        {exchange.status === null ? (
          <span class="rb-status" data-s={exchange.is_cancelled ? "4" : "5"}>
            none
          </span>
        ) : (
          <Status status={exchange.status} reason="" />
        )}
      </td>
      <td class="is-num">
        <Time ms={exchange.elapsed_ms} longest={longest} />
      </td>
      <td class="is-num rb-log__size rb-2">{sizeOf(exchange)}</td>
      <td class="rb-nowrap">
        {exchange.method !== "WEBSOCKET" && [
          <button
            key="replay"
            class="rb-btn rb-btn--icon rb-btn--quiet rb-btn--small"
            type="button"
            tabIndex={tab}
            aria-label={`Replay ${id}`}
            title="Replay"
            disabled={store.kernel.link === "lost"}
            onClick={act(() => void store.replay(id))}
          >
            <Icon name="replay" />
          </button>,
          <button
            key="save-test"
            class="rb-btn rb-btn--icon rb-btn--quiet rb-btn--small"
            type="button"
            tabIndex={tab}
            aria-label={`Save ${id} as test`}
            title="Save as test"
            disabled={store.kernel.link === "lost"}
            onClick={act(() => store.show({ kind: "save-test", id }))}
          >
            <Icon name="flask" />
          </button>,
        ]}
      </td>
    </tr>
  );
}

function Run({
  line,
  store,
  isCurrent,
  longest,
  index,
}: {
  line: Line & { kind: "run" };
  store: LogStore;
  isCurrent: boolean;
  longest: number;
  index: number;
}) {
  const { exchanges, key, isOpen } = line;
  const newest = exchanges[0] as ExchangeSummary;
  const mean = exchanges.reduce((sum, { elapsed_ms }) => sum + elapsed_ms, 0) / exchanges.length;
  const toggle = (event: Event): void => {
    event.stopPropagation();
    store.current = keyOf(line);
    store.toggleRun(key);
  };
  return (
    <tr
      class="rb-log__group"
      tabIndex={isCurrent ? 0 : -1}
      data-line={keyOf(line)}
      aria-rowindex={index + 2}
      onClick={toggle}
      onFocus={({ target, currentTarget }) => {
        if (target === currentTarget && store.current !== keyOf(line)) store.move(keyOf(line));
      }}
    >
      <td />
      <td class="is-num rb-2">
        {key}–{newest.id}
      </td>
      <td class="rb-log__time rb-2">{clock(newest.started_at)}</td>
      <td>
        <From exchange={newest} />
      </td>
      <th scope="row">
        <span class="rb-log__req">
          <button
            class="rb-btn rb-btn--quiet rb-btn--small"
            type="button"
            tabIndex={isCurrent ? 0 : -1}
            aria-expanded={isOpen}
            aria-label={`${plural(exchanges.length, "exchange")} alike`}
            onClick={toggle}
          >
            <Icon name={isOpen ? "down" : "right"} />
            {exchanges.length} ×
          </button>
          <Method name={shownMethod(newest.method)} />
          <span class="rb-clip">
            <Path path={(newest.operation ?? "").replace(/^\S+ /, "")} />
          </span>
          <Note exchange={newest} />
        </span>
      </th>
      <td>
        <Status status={newest.status} reason="" />
      </td>
      <td class="is-num" title="The mean">
        <Time ms={mean} longest={longest} />
      </td>
      <td class="is-num rb-log__size rb-2">
        {size(exchanges.reduce((sum, { size_bytes }) => sum + size_bytes, 0))}
      </td>
      <td />
    </tr>
  );
}

const Gap = ({ lines, rowPx }: { lines: number; rowPx: number }) =>
  lines > 0 ? (
    <tr class="rb-log__gap" aria-hidden="true">
      {/* Of all columns it would keep a share for those that a narrow view leaves out. */}
      <td style={`block-size:${lines * rowPx}px`} />
    </tr>
  ) : null;

/** Bring the current line into sight and focus it. */
function focusLine(scroller: HTMLElement, index: number, key: string, rowPx: number): void {
  const head = scroller.querySelector("thead")?.clientHeight ?? 0;
  const top = index * rowPx;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + rowPx + head > scroller.scrollTop + scroller.clientHeight)
    scroller.scrollTop = top + rowPx + head - scroller.clientHeight;
  requestAnimationFrame(() => requestAnimationFrame(() => lineOf(scroller, key)?.focus({ preventScroll: true })));
}

export const lineOf = (root: HTMLElement, key: string): HTMLElement | null =>
  root.querySelector<HTMLElement>(`tr[data-line="${CSS.escape(key)}"]`);

export function List({ store }: { store: LogStore }) {
  const ref = useRef<HTMLDivElement>(null);
  const { top, height, isNarrow } = useScroll(ref);
  const lines = store.shown;
  const rowPx = isNarrow ? ROW_PX.narrow : ROW_PX.wide;
  useSteadyScroll(ref, lines, rowPx);
  const first = Math.max(0, Math.min(Math.floor(top / rowPx) - BEYOND, lines.length));
  const last = Math.min(lines.length, Math.ceil((top + height) / rowPx) + BEYOND);
  const inSight = lines.slice(first, last);
  const currentIndex = lines.findIndex((line) => keyOf(line) === store.current);
  const current = currentIndex < first || currentIndex >= last ? first : currentIndex;
  const longest = Math.max(
    ...inSight.map((line) => (line.kind === "one" ? line.exchange.elapsed_ms : 0)),
    0,
  );

  const move = (to: number): void => {
    const index = Math.max(0, Math.min(to, lines.length - 1));
    const line = lines[index];
    if (!line || !ref.current) return;
    if (store.panel?.kind === "detail" && line.kind === "one") {
      store.show({ kind: "detail", id: line.exchange.id }, false);
    }
    store.move(keyOf(line));
    focusLine(ref.current, index, keyOf(line), rowPx);
  };
  const page = Math.max(1, Math.floor(height / rowPx) - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const line = lines[current];
    if (!line) return;
    const isOne = line.kind === "one";
    const id = isOne ? line.exchange.id : 0;
    const isControl = (event.target as HTMLElement).matches("button, input");
    const keys: { [key: string]: () => void } = {
      ArrowDown: () => move(current + 1),
      ArrowUp: () => move(current - 1),
      PageDown: () => move(current + page),
      PageUp: () => move(current - page),
      Home: () => move(0),
      End: () => move(lines.length - 1),
      ...(isControl
        ? {}
        : {
            Enter: () => (isOne ? store.show({ kind: "detail", id }) : store.toggleRun(line.key)),
            " ": () => (isOne ? store.choose(id) : store.toggleRun(line.key)),
            ...(isOne && {
              r: () => void store.replay(id),
              e: () => store.show({ kind: "replay", id }),
              k: () => store.show({ kind: "save-test", id }),
            }),
          }),
    };
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  return (
    <div class="rb-log__scroll" ref={ref} onKeyDown={onKeyDown}>
      <table class="rb-table rb-log" aria-rowcount={lines.length + 1} data-narrow={isNarrow}>
        <caption class="rb-sr">Exchanges, newest first</caption>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">
              <span class="rb-sr">Compare</span>
            </th>
            <th scope="col" class="is-num">
              No.
            </th>
            <th scope="col" class="rb-log__time">
              At
            </th>
            <th scope="col">From</th>
            <th scope="col">Request</th>
            <th scope="col">Status</th>
            <th scope="col" class="is-num">
              ms
            </th>
            <th scope="col" class="is-num rb-log__size">
              Size
            </th>
            <th scope="col">
              <span class="rb-sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <Gap lines={first} rowPx={rowPx} key="before" />
          {inSight.map((line, offset) => {
            const shared = { store, isCurrent: first + offset === current, longest, index: first + offset };
            return line.kind === "one" ? (
              <One key={keyOf(line)} exchange={line.exchange} {...shared} />
            ) : (
              <Run key={keyOf(line)} line={line} {...shared} />
            );
          })}
          <Gap lines={lines.length - last} rowPx={rowPx} key="after" />
        </tbody>
      </table>
    </div>
  );
}
