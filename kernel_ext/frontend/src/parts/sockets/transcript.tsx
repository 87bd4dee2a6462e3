/** What passed over a connection: each message with its time and direction, and one of them whole. */
import { useEffect, useState } from "preact/hooks";
import { parse } from "../../json";
import type { ConnectionState, Payload, SocketMessageState } from "../../protocol";
import { bytesOf, hexDump, lineOf, momentWords } from "../../socket-live";
import { plural, shorten, size, visible } from "../../words";
import { useUid } from "../context";
import { CopyButton, save } from "../copy";
import { Icon } from "../icon";
import { JsonTree } from "../json-tree";
import { VirtualList } from "../virtual-list";
import { useSockets } from "./context";

const ROW = 26;
const MAX_LIST = 312;
const MAX_SHOWN = 100_000;

const WORDS = { client: "sent", application: "received" };

const Row = ({ message }: { message: SocketMessageState }) => (
  <span class="rb-ws__row" data-from={message.sender}>
    <span class="rb-ws__at">{momentWords(message.at_ms)}</span>
    <span class="rb-ws__way">
      <Icon name={message.sender === "client" ? "sent" : "received"} />
      <span class="rb-sr">{WORDS[message.sender]}</span>
    </span>
    {message.text === undefined && <span class="rb-small rb-2">bytes</span>}
    <code class="rb-clip">
      {message.size_bytes ? visible(shorten(lineOf(message), 300)) : <span class="rb-2">empty</span>}
    </code>
    <span class="rb-push rb-small rb-2 rb-nowrap">{size(message.size_bytes)}</span>
  </span>
);

/** The whole of a message that came cut; what is there until it comes. */
function useWhole(id: number, message: SocketMessageState): SocketMessageState | Payload {
  const store = useSockets();
  const [whole, setWhole] = useState<{ number: number; payload: Payload } | null>(null);
  useEffect(() => {
    if (!message.is_cut) return;
    let isGone = false;
    store.whole(id, message.number).then(
      (payload) => !isGone && setWhole({ number: message.number, payload }),
      () => undefined, // the beginning stays
    );
    return () => void (isGone = true);
  }, [id, message.number, message.is_cut]);
  return whole?.number === message.number ? whole.payload : message;
}

function Content({ shown }: { shown: SocketMessageState | Payload }) {
  if (shown.text === undefined) {
    return (
      <pre class="rb-code rb-code--plain rb-code--tall rb-ws__hex" tabIndex={0} role="group" aria-label="Bytes">
        {hexDump(bytesOf(shown.base64 ?? ""))}
      </pre>
    );
  }
  const isJson = /^\s*[[{]/.test(shown.text);
  const parsed = isJson ? parse(shown.text) : null;
  if (parsed?.ok) return <JsonTree value={parsed.value} label="Message as JSON" />;
  return (
    <pre class="rb-code rb-code--plain rb-code--tall" tabIndex={0} role="group" aria-label="Text of the message">
      {visible(shown.text.slice(0, MAX_SHOWN))}
    </pre>
  );
}

function saveAs({ text, base64 }: SocketMessageState | Payload, number: number): void {
  const name = `message-${number}.${text === undefined ? "bin" : "txt"}`;
  save([text ?? bytesOf(base64 ?? "")], "application/octet-stream", name);
}

function One({ connection, message }: { connection: ConnectionState; message: SocketMessageState }) {
  const store = useSockets();
  const shown = useWhole(connection.id, message);
  const { text, base64 } = shown;
  const again = (): void => {
    const { texts } = store.message(connection.id);
    const kind = text === undefined ? "bytes" : /^\s*[[{]/.test(text) ? "json" : "text";
    const written = text ?? [...bytesOf(base64 ?? "")].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    store.write(connection.id, { kind, texts: { ...texts, [kind]: written }, file: null });
  };
  const kept = bytesOf(base64 ?? "").length || new TextEncoder().encode(text ?? "").length;
  return (
    <section class="rb-ws__one" aria-label={`Message ${message.number}`}>
      <div class="rb-part">
        <h4>Message {message.number}</h4>
        <span class="rb-small rb-2">
          {WORDS[message.sender]} {momentWords(message.at_ms)}, {size(message.size_bytes)}
        </span>
        <span class="rb-push rb-line">
          <CopyButton text={() => text ?? hexDump(bytesOf(base64 ?? ""), 65536)} name="Copy the message" word="Copy" />
          {kept > 2000 && (
            <button
              class="rb-btn rb-btn--quiet rb-btn--small"
              type="button"
              onClick={() => saveAs(shown, message.number)}
            >
              Save
            </button>
          )}
          {connection.status === "open" && (
            <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={again}>
              Write it again
            </button>
          )}
        </span>
      </div>
      {kept < message.size_bytes && (
        <p class="rb-small rb-2">
          The first {size(kept)} of {size(message.size_bytes)}.
        </p>
      )}
      <Content shown={shown} />
    </section>
  );
}

export function Transcript({ connection }: { connection: ConnectionState }) {
  const id = `${useUid()}-m`;
  const [chosen, setChosen] = useState<number | null>(null);
  const { messages, message_count, first } = connection;
  const at = (number: number): SocketMessageState | undefined => messages[number - first];
  const message = chosen === null ? undefined : at(chosen);
  const left = message_count - messages.length;
  if (!message_count) {
    return <p class="rb-small rb-2">{connection.status === "open" ? "Nothing has passed yet." : "Nothing passed."}</p>;
  }
  return (
    <div class="rb-ws__talk">
      {left > 0 && <p class="rb-small rb-2">The first {plural(left, "message is", "messages are")} kept no longer.</p>}
      <VirtualList
        id={id}
        label={`Messages, ${message_count}`}
        first={first}
        count={messages.length}
        rowHeight={ROW}
        maxHeight={MAX_LIST}
        chosen={message ? chosen : null}
        onChoose={setChosen}
        row={(number) => {
          const shown = at(number);
          return shown && <Row message={shown} />;
        }}
      />
      {message && <One connection={connection} message={message} key={message.number} />}
    </div>
  );
}
