/** What a person writes to send over a connection: text, JSON, or bytes. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConnectionState } from "../../protocol";
import type { Written } from "../../socket-store";
import { bytesFromHex } from "../../socket-live";
import { plural, size } from "../../words";
import { useUid } from "../context";
import { Icon } from "../icon";
import { JsonEditor } from "../json-editor";
import { Segments } from "../segments";
import { useSockets } from "./context";

const KINDS: { value: Written; label: string }[] = [
  { value: "text", label: "Text" },
  { value: "json", label: "JSON" },
  { value: "bytes", label: "Bytes" },
];

function Bytes({ id }: { id: number }) {
  const store = useSockets();
  const inputId = `${useUid()}-bytes`;
  const { texts, file } = store.message(id);
  const read = bytesFromHex(texts.bytes);
  return (
    <>
      <textarea
        class="rb-input rb-input--lines"
        rows={3}
        aria-label="Bytes, as hexadecimal digits"
        aria-describedby={`${inputId}-state`}
        aria-invalid={typeof read === "string" || undefined}
        placeholder="48 65 6c 6c 6f"
        spellcheck={false}
        disabled={file !== null}
        value={texts.bytes}
        onInput={({ currentTarget }) => store.write(id, { texts: { ...texts, bytes: currentTarget.value } })}
      />
      <div class="rb-line rb-small">
        <label class="rb-line">
          or a file
          <input
            class="rb-file"
            type="file"
            onChange={({ currentTarget }) => store.write(id, { file: currentTarget.files?.[0] ?? null })}
          />
        </label>
        <span id={`${inputId}-state`} role="status" class={typeof read === "string" ? "rb-bad" : "rb-2"}>
          {file ? size(file.size) : typeof read === "string" ? read : texts.bytes ? plural(read.length, "byte") : ""}
        </span>
      </div>
    </>
  );
}

export function Composer({ connection }: { connection: ConnectionState }) {
  const store = useSockets();
  const uid = useUid();
  const { id } = connection;
  const { kind, texts, file } = store.message(id);
  const [isSending, setSending] = useState(false);
  const text = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (store.fresh !== id) return;
    store.fresh = null;
    text.current?.focus();
  }, [id]);
  const isOpen = connection.status === "open" && store.kernel.link !== "lost";
  const bytes = kind === "bytes" && !file ? bytesFromHex(texts.bytes) : null;
  const isWrong = typeof bytes === "string";
  const write = (text: string): void => store.write(id, { texts: { ...texts, [kind]: text } });

  const send = async (): Promise<void> => {
    if (isSending || !isOpen || isWrong) return;
    setSending(true);
    await store.send(id, file && kind === "bytes" ? new Uint8Array(await file.arrayBuffer()) : (bytes ?? texts[kind]));
    setSending(false);
  };
  return (
    <section class="rb-ws__write" aria-label="Send a message">
      <div class="rb-line">
        <Segments name="Kind of message" choices={KINDS} value={kind} onChoose={(kind) => store.write(id, { kind })} />
        <button
          class="rb-btn rb-btn--primary rb-push"
          type="button"
          data-key="send"
          aria-disabled={isSending || !isOpen || isWrong}
          onClick={() => void send()}
        >
          Send{" "}
          <span class="rb-nowrap">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
          </span>
        </button>
      </div>
      {kind === "text" && (
        <textarea
          class="rb-input rb-input--lines"
          ref={text}
          rows={Math.min(8, Math.max(2, texts.text.split("\n").length))}
          aria-label="Text"
          placeholder="A text message; an empty one can be sent too"
          value={texts.text}
          onInput={({ currentTarget }) => write(currentTarget.value)}
        />
      )}
      {kind === "json" && (
        <JsonEditor
          id={`${uid}-ws-json`}
          text={texts.json}
          label="JSON"
          describedBy={`${uid}-ws-json-state`}
          marks={[]}
          onText={write}
        />
      )}
      {kind === "bytes" && <Bytes id={id} />}
      {store.problems.has(id) && (
        <p class="rb-small rb-bad" role="alert">
          <Icon name="error" /> {store.problems.get(id)}
        </p>
      )}
    </section>
  );
}
