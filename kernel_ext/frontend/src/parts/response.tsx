/** The answer to a request: status, time, size, headers, and the body as what it is. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Value, parse } from "../json";
import type { Advice, CellRef, ExchangeState, Pairs, Payload } from "../protocol";
import type { Answer, Pending } from "../store";
import { Stream, streamKind } from "../stream";
import { duration, plural, size, visible } from "../words";
import { Status } from "./badges";
import { CopyButton, save } from "./copy";
import { FailureView, RaisedView } from "./failure";
import { Icon } from "./icon";
import { JsonTree } from "./json-tree";
import { SaveTestButton } from "./save-test";
import { Segments } from "./segments";
import { StreamView } from "./stream";

const MAX_RAW = 100_000;
const MAX_TREE = 6_000_000;
const EXTENSIONS: { [mediaType: string]: string } = {
  "application/json": "json",
  "application/pdf": "pdf",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/svg+xml": "svg",
  "text/csv": "csv",
  "text/html": "html",
  "text/plain": "txt",
};

const essence = (mediaType: string): string => mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
const isJson = (mediaType: string): boolean => /^application\/(.+\+)?json$/.test(essence(mediaType));

function bytesOf({ text, base64 }: Payload): BlobPart {
  if (base64 === undefined) return text ?? "";
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

const download = (payload: Payload): void => {
  const type = essence(payload.media_type);
  save([bytesOf(payload)], type, `response.${EXTENSIONS[type] ?? "bin"}`);
};

export function Headers({ headers }: { headers: Pairs }) {
  const shown = headers.find(([name]) => name === "location" || name === "content-type") ?? headers[0];
  return (
    <details class="rb-fold rb-small">
      <summary>
        <Icon name="right" />
        <span class="rb-nowrap">{plural(headers.length, "header")}</span>
        {shown && <code class="rb-2 rb-clip">{visible(shown.join(": "))}</code>}
      </summary>
      <dl class="rb-facts rb-facts--in">
        {headers.map(([name, value], index) => [
          <dt key={`n${index}`}>
            <code>{visible(name)}</code>
          </dt>,
          <dd key={`v${index}`}>
            <code>{visible(value)}</code>
          </dd>,
        ])}
      </dl>
    </details>
  );
}

function Raw({ text }: { text: string }) {
  return (
    <>
      <pre class="rb-code rb-code--plain rb-code--tall" tabIndex={0} role="group" aria-label="Response body as text">
        {visible(text.slice(0, MAX_RAW))}
      </pre>
      {text.length > MAX_RAW && (
        <p class="rb-small rb-2">
          The first {size(MAX_RAW)} of {size(text.length)}. Save the body to see the rest.
        </p>
      )}
    </>
  );
}

type Shape = "tree" | "stream" | "image" | "raw" | "bytes";

function shapesOf(payload: Payload, tree: Value | undefined): Shape[] {
  const shapes: Shape[] = [];
  if (tree !== undefined) shapes.push("tree");
  if (payload.text !== undefined && streamKind(payload.media_type)) shapes.push("stream");
  if (essence(payload.media_type).startsWith("image/") && !payload.is_truncated) shapes.push("image");
  shapes.push(payload.text === undefined ? "bytes" : "raw");
  return shapes;
}

const SHAPE_WORDS: { [shape in Shape]: string } = { tree: "Tree", stream: "Items", image: "Image", raw: "Raw", bytes: "Bytes" };

function imageAddress({ media_type, text, base64 }: Payload): string {
  const data = base64 ?? btoa(String.fromCharCode(...new TextEncoder().encode(text ?? "").slice(0, 100_000)));
  return `data:${essence(media_type)};base64,${data}`;
}

export function Body({ payload }: { payload: Payload }) {
  const tree = useMemo(() => {
    if (
      payload.text === undefined ||
      payload.is_truncated ||
      !isJson(payload.media_type) ||
      payload.text.length > MAX_TREE
    )
      return undefined;
    const parsed = parse(payload.text);
    return parsed.ok ? parsed.value : undefined;
  }, [payload]);
  const shapes = shapesOf(payload, tree);
  const [wanted, setWanted] = useState<Shape>("tree");
  const shape = shapes.includes(wanted) ? wanted : (shapes[0] ?? "raw");
  return (
    <>
      <div class="rb-line rb-answer__as">
        {shapes.length > 1 && (
          <Segments
            name="Show the body as"
            choices={shapes.map((value) => ({ value, label: SHAPE_WORDS[value] }))}
            value={shape}
            onChoose={setWanted}
          />
        )}
        <span class="rb-push rb-nowrap">
          {payload.text !== undefined && <CopyButton name="Copy the body" text={() => payload.text ?? ""} />}
          <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={() => download(payload)}>
            <Icon name="download" />
            Save
          </button>
        </span>
      </div>
      {payload.is_truncated && (
        <p class="rb-small rb-2">The body is {size(payload.size_bytes)}; the view got the beginning of it.</p>
      )}
      {shape === "tree" && tree !== undefined && <JsonTree value={tree} label="Response body" />}
      {shape === "stream" && <StreamView stream={Stream.of(payload.media_type, payload.text ?? "")} isLive={false} />}
      {shape === "image" && <img class="rb-image" src={imageAddress(payload)} alt="The response body" />}
      {shape === "raw" && <Raw text={payload.text ?? ""} />}
      {shape === "bytes" && (
        <p class="rb-small rb-2">
          {size(payload.size_bytes)} of {visible(payload.media_type || "an unnamed type")}, no text.
        </p>
      )}
    </>
  );
}

export function Waiting({ pending, onCancel }: { pending: Pending; onCancel: () => void }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  const elapsed = now - pending.since;
  return (
    <>
      <div class="rb-line">
        <span role="status">
          {pending.stream ? `${pending.stream.status}, streaming` : elapsed < 300 ? "Sending" : "Waiting for the answer"}
        </span>
        {elapsed >= 300 && <span>{(elapsed / 1000).toFixed(1)} s</span>}
        <button class="rb-btn rb-btn--small rb-push" type="button" data-key="cancel" onClick={onCancel}>
          {pending.stream ? "Stop" : "Cancel"} <kbd>Esc</kbd>
        </button>
      </div>
      <progress class="rb-progress" aria-label="Waiting for the answer" />
      {pending.stream && <StreamView stream={pending.stream} isLive />}
    </>
  );
}

const ERROR_LEADS = { refused: "This request was not sent.", cancelled: "Cancelled.", failed: "No answer came." };

/** The text, with what stands in backquotes as code. */
function Marked({ text }: { text: string }) {
  return (
    <>
      {text.split("`").map((piece, index) => (index % 2 ? <code key={index}>{visible(piece)}</code> : visible(piece)))}
    </>
  );
}

function AdviceList({ advice }: { advice: Advice[] }) {
  return (
    <ul class="rb-advice" aria-label="What to do">
      {advice.map((piece, index) => (
        <li key={index}>
          <Marked text={piece.text} />
        </li>
      ))}
    </ul>
  );
}

function Exchange({ exchange }: { exchange: ExchangeState }) {
  return (
    <>
      {exchange.advice.length > 0 && <AdviceList advice={exchange.advice} />}
      {exchange.failure && <FailureView failure={exchange.failure} issues={exchange.issues} />}
      {exchange.raised && !exchange.failure && <RaisedView raised={exchange.raised} />}
      {exchange.response_headers.length > 0 && <Headers headers={exchange.response_headers} />}
      {exchange.response_body && exchange.response_body.size_bytes > 0 ? (
        <Body key={exchange.id} payload={exchange.response_body} />
      ) : (
        <p class="rb-small rb-2">{exchange.status === null ? "No response was begun." : "No body."}</p>
      )}
    </>
  );
}

export function Response({
  id,
  answer,
  pending,
  cell,
  onCancel,
}: {
  id: string;
  answer: Answer | undefined;
  pending: Pending | undefined;
  /** The operation's, as it stands now. */
  cell: CellRef | null;
  onCancel: () => void;
}) {
  const exchange = answer?.exchange;
  const isFormer = exchange && !pending && cell && answer.operation.cell?.label !== cell.label;
  return (
    <section class="rb-answer" aria-labelledby={id}>
      <div class="rb-part">
        <h4 id={id} tabIndex={-1}>
          Response
        </h4>
        {exchange && (
          <span class="rb-line" role="status">
            <Status
              status={exchange.status}
              reason={exchange.reason || (exchange.status === null ? "no response" : "")}
            />
            <span class="rb-small rb-2">
              <span title="From the first byte in to the last byte out, in process">
                {duration(exchange.elapsed_ms)}
              </span>
              {exchange.response_body && (
                <>
                  {" "}
                  · <span title="The body">{size(exchange.response_body.size_bytes)}</span>
                </>
              )}
            </span>
          </span>
        )}
      </div>
      {isFormer && (
        <p class="rb-small rb-2">
          <Icon name="clock" /> Answered before the cell ran again, now {visible(cell.label)}.
        </p>
      )}
      {pending && <Waiting pending={pending} onCancel={onCancel} />}
      {answer?.error && (
        <div class="rb-note" data-n={answer.error.kind === "cancelled" ? "plain" : "error"} role="alert">
          <Icon name={answer.error.kind === "cancelled" ? "ban" : "error"} />
          <div>
            <strong>{ERROR_LEADS[answer.error.kind]}</strong>{" "}
            {answer.error.kind === "cancelled" ? "" : visible(answer.error.message)}
          </div>
        </div>
      )}
      {answer?.stream && <StreamView stream={answer.stream} isLive={false} />}
      {exchange && (
        <div class={pending ? "is-past" : undefined}>
          <Exchange exchange={exchange} />
          <p class="rb-line">
            <SaveTestButton key={exchange.id} id={exchange.id} />
          </p>
        </div>
      )}
      {!answer && !pending && <p class="rb-small rb-2">Nothing sent yet. The answer comes here.</p>}
    </section>
  );
}
