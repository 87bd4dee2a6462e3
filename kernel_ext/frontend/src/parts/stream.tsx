/** What a streaming response sent, item by item, the newest last; while it comes it stays at its end. */
import { useEffect, useRef } from "preact/hooks";
import type { Stream } from "../stream";
import { duration, plural, shorten, visible } from "../words";

const MAX_ITEM = 2000;
const WORDS = { events: "event", lines: "line", text: "piece" };

export function StreamView({ stream, isLive }: { stream: Stream; isLive: boolean }) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const element = list.current;
    if (isLive && element) element.scrollTop = element.scrollHeight;
  }, [stream.count, isLive]);
  const { items, count, kind, isAll } = stream;
  return (
    <>
      <p class="rb-small rb-2" role="status">
        {plural(count, WORDS[kind])}
        {isLive ? " so far" : ""}
        {count > items.length ? `; the last ${items.length} are shown` : ""}
        {isAll ? "" : "; the rest is shown when the response has ended"}
      </p>
      <ol class="rb-stream rb-code--plain" ref={list} tabIndex={0} aria-label="What the response sent">
        {items.map(({ at, type, id, text }, index) => (
          <li key={count - items.length + index}>
            {at !== null && <span class="rb-small rb-2 rb-nowrap">{duration(at)}</span>}
            {type && <span class="rb-stream__type">{visible(shorten(type, 60))}</span>}
            {id && <span class="rb-small rb-2">id {visible(shorten(id, 60))}</span>}
            <code>{visible(shorten(text, MAX_ITEM))}</code>
          </li>
        ))}
      </ol>
    </>
  );
}
