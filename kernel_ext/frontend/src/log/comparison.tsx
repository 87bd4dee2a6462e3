/** Two exchanges side by side: only what differs. */
import { Icon } from "../parts/icon";
import { plural, shorten, visible } from "../words";
import { type Compared, compare } from "./compare";
import { PanelHead } from "./panel";
import { clock } from "./list";
import type { LogStore } from "./store";

const MAX_ROWS = 200;
const MAX_TEXT = 300;

const Side = ({ text, isLater }: { text: string | null; isLater: boolean }) => {
  if (text === null) return <span class="rb-2">not there</span>;
  const told = <code>{visible(shorten(text, MAX_TEXT)) || "empty"}</code>;
  return isLater ? <ins>{told}</ins> : <del>{told}</del>;
};

function Group({ title, compared: { differences, same } }: { title: string; compared: Compared }) {
  return (
    <tbody>
      <tr class="rb-cmp__h">
        <th scope="rowgroup" colSpan={3}>
          {title}{" "}
          <span class="rb-2">
            {differences.length ? `${plural(differences.length, "value")} differ, ${same} the same` : "all the same"}
          </span>
        </th>
      </tr>
      {differences.slice(0, MAX_ROWS).map(({ place, a, b }) => (
        <tr key={place}>
          <th scope="row">
            <code>{visible(shorten(place, 100))}</code>
          </th>
          <td>
            <Side text={a} isLater={false} />
          </td>
          <td>
            <Side text={b} isLater />
          </td>
        </tr>
      ))}
      {differences.length > MAX_ROWS && (
        <tr>
          <td colSpan={3} class="rb-2">
            and {differences.length - MAX_ROWS} more
          </td>
        </tr>
      )}
    </tbody>
  );
}

export function Comparison({ store, a, b }: { store: LogStore; a: number; b: number }) {
  const [one, other] = [store.detail(a), store.detail(b)];
  const error = [one, other].find((loaded) => loaded && "error" in loaded);
  const isReady = one && other && "detail" in one && "detail" in other;
  return (
    <section class="rb-cmp" aria-labelledby={`cmp-${a}-${b}`}>
      <PanelHead id={`cmp-${a}-${b}`} title={`${a} and ${b} compared`} isFocused={false} onClose={() => store.endComparison()} />
      {error && "error" in error && (
        <div class="rb-note" data-n="error" role="alert">
          <Icon name="error" />
          <div>{visible(error.error)}</div>
        </div>
      )}
      {!error && !isReady && <p role="status">Reading both…</p>}
      {isReady && (
        <div class="rb-scroll" tabIndex={0} role="region" aria-label="Differences">
          <table class="rb-table rb-cmp__t">
            <caption class="rb-sr">
              Differences between exchange {a} and exchange {b}
            </caption>
            <thead>
              <tr>
                <th scope="col">Place</th>
                <th scope="col">
                  {a}, {clock(one.detail.summary.started_at)}
                </th>
                <th scope="col">
                  {b}, {clock(other.detail.summary.started_at)}
                </th>
              </tr>
            </thead>
            {Object.entries(compare(one.detail, other.detail)).map(([side, compared]) => (
              <Group key={side} title={side === "request" ? "Request" : "Response"} compared={compared as Compared} />
            ))}
            <tbody>
              <tr>
                <th scope="row">time</th>
                <td>{one.detail.exchange.elapsed_ms.toFixed(1)} ms</td>
                <td>{other.detail.exchange.elapsed_ms.toFixed(1)} ms</td>
              </tr>
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
