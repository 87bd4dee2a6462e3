/** Why a handshake was not accepted, and what a client on a network sees of it. */
import type { ConnectionState } from "../../protocol";
import { plural, shorten, visible } from "../../words";
import { FailureView } from "../failure";
import { Icon } from "../icon";

function Words({ connection, endpoint }: { connection: ConnectionState; endpoint: string }) {
  const { error, end, exchange, issues } = connection;
  const name = endpoint ? <code>{visible(endpoint)}</code> : "the handler";
  if (error)
    return (
      <>
        <strong>The connection could not begin.</strong> {visible(shorten(error, 600))}
      </>
    );
  if (issues.length)
    return (
      <>
        <strong>The handshake was refused:</strong> {plural(issues.length, "value was", "values were")} refused, so{" "}
        {name} did not run. A client on a network sees 403 and no reason.
      </>
    );
  if (end)
    return (
      <>
        <strong>The handshake was refused:</strong> the application closed it with {end.code} ({end.words})
        {end.reason && <>, saying “{visible(shorten(end.reason, 600))}”</>}. A client on a network sees 403, neither code
        nor reason: those need an accepted connection.
      </>
    );
  if (exchange?.failure)
    return (
      <>
        <strong>The handshake failed.</strong> An exception left {name} before it accepted. A client on a network sees
        500.
      </>
    );
  if (exchange?.status)
    return (
      <>
        <strong>The handshake was refused:</strong> the application answered {exchange.status} {visible(exchange.reason)}
        . A client on a network sees that.
      </>
    );
  return (
    <>
      <strong>The handshake was not answered.</strong> {name} ended without <code>accept()</code> or <code>close()</code>
      . A client on a network sees 500.
    </>
  );
}

export function Refusal({ connection, endpoint }: { connection: ConnectionState; endpoint: string }) {
  const body = connection.exchange?.response_body?.text;
  const failure = connection.exchange?.failure;
  return (
    <>
      <div class="rb-note" data-n={failure || connection.error ? "error" : "warn"} role="alert">
        <Icon name={failure || connection.error ? "error" : "warn"} />
        <div>
          <Words connection={connection} endpoint={endpoint} />
        </div>
      </div>
      {body && (
        <pre class="rb-code rb-code--plain" tabIndex={0} role="group" aria-label="Body of the refusal">
          {visible(shorten(body, 4000))}
        </pre>
      )}
      {failure && <FailureView failure={failure} issues={[]} />}
    </>
  );
}
