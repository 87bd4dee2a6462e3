/** What a form will send, as it is filled in now: the method and the address. */
import { shorten, visible } from "../words";
import { Method } from "./badges";

const SHOWN = 2000;

/** `target` is path and query, percent-encoded. */
export function RequestLine({ method, target }: { method: string; target: string }) {
  const [path = "", search] = target.split(/\?(.*)/s);
  return (
    <output class="rb-send__url" aria-label="Request line">
      <Method name={method} />
      <span class="rb-path">
        {visible(shorten(path, SHOWN))}
        {search !== undefined && (
          <>
            <span class="rb-2">?</span>
            {visible(shorten(search, SHOWN))}
          </>
        )}
      </span>
    </output>
  );
}
