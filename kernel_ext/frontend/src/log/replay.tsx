/** A kept request, to be edited and sent again. What the log does not hold is asked for; it is kept nowhere. */
import { useId, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icon";
import type { ExchangeDetail, HiddenValue, RawRequest } from "../protocol";
import { size, visible } from "../words";
import { PanelHead, Refusal } from "./panel";
import { editable, headerLines, headersFrom } from "./resend";
import type { LogStore } from "./store";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY"];

const WHERE = { header: "header", cookie: "cookie", path: "in the path", query: "in the query", body: "in the body" };

function HiddenField({
  hidden: { name, where, scheme, held },
  value,
  onInput,
}: {
  hidden: HiddenValue;
  value: string;
  onInput: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="rb-field">
      <div class="rb-field__name">
        <label for={id}>{visible(name)}</label>
      </div>
      <div class="rb-field__wide rb-line">
        {scheme && <code>{visible(scheme)}</code>}
        <input
          class="rb-input rb-log__secret"
          id={id}
          type="password"
          autocomplete="off"
          value={value}
          placeholder={held ? "as signed in" : scheme === "Basic" ? "name:password" : "not in the log"}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
        <span class="rb-small rb-2">
          {WHERE[where]}
          {held && `; left empty: signed in with ${visible(held)}`}
        </span>
      </div>
    </div>
  );
}

function Form({ store, detail, request }: { store: LogStore; detail: ExchangeDetail; request: RawRequest }) {
  const uid = useId();
  const form = useRef<HTMLFormElement>(null);
  const [method, setMethod] = useState(request.method);
  const [url, setUrl] = useState(request.url);
  const [headers, setHeaders] = useState(headerLines(request.headers));
  const written = editable(request);
  const [text, setText] = useState(written);
  const [values, setValues] = useState<{ [key: string]: string }>({});
  const { id } = detail.summary;
  const send = (): void => {
    const read = headersFrom(headers);
    if (read.bad !== null) return store.say(`"${read.bad}" is no header: write it as name: value.`, true);
    const { text: sent, ...rest } = request;
    const body = text === written ? (sent ?? "") : text; // what nobody changed is sent as it was, byte by byte
    const edited = { ...rest, method, url, headers: read.headers, ...(request.base64 === undefined && { text: body }) };
    void store.send(id, edited, values);
  };
  return (
    <form
      ref={form}
      novalidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {detail.hidden.length > 0 && (
        <>
          <div class="rb-note" data-n="plain">
            <Icon name="lock" />
            <div>
              <strong>The log keeps no credentials.</strong> Fill in what was hidden, unless you are signed in for it;
              it is sent once and kept nowhere.
            </div>
          </div>
          <div class="rb-form">
            {detail.hidden.map((hidden) => (
              <HiddenField
                key={hidden.key}
                hidden={hidden}
                value={values[hidden.key] ?? ""}
                onInput={(value) => setValues({ ...values, [hidden.key]: value })}
              />
            ))}
          </div>
        </>
      )}
      <div class="rb-form">
        <div class="rb-field">
          <div class="rb-field__name">
            <label for={`${uid}-url`}>request</label>
          </div>
          <div class="rb-field__wide rb-log__target">
            <select
              class="rb-select"
              aria-label="Method"
              value={method}
              onChange={({ currentTarget }) => setMethod(currentTarget.value)}
            >
              {[...new Set([request.method, ...METHODS])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <input
              class="rb-input"
              id={`${uid}-url`}
              value={url}
              spellcheck={false}
              onInput={({ currentTarget }) => setUrl(currentTarget.value)}
            />
          </div>
        </div>
        <div class="rb-field">
          <div class="rb-field__name">
            <label for={`${uid}-headers`}>headers</label>
          </div>
          <textarea
            class="rb-input rb-input--lines rb-field__wide"
            id={`${uid}-headers`}
            rows={Math.min(10, Math.max(2, headers.split("\n").length))}
            spellcheck={false}
            value={headers}
            onInput={({ currentTarget }) => setHeaders(currentTarget.value)}
          />
        </div>
        <div class="rb-field">
          <div class="rb-field__name">
            <label for={`${uid}-body`}>body</label>
          </div>
          {request.base64 === undefined ? (
            <textarea
              class="rb-input rb-input--lines rb-field__wide"
              id={`${uid}-body`}
              rows={Math.min(14, Math.max(2, text.split("\n").length))}
              spellcheck={false}
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          ) : (
            <div class="rb-field__wide rb-2">{size(atob(request.base64).length)} of binary data, as it was sent</div>
          )}
        </div>
      </div>
      <div class="rb-line rb-log__actions">
        <button
          class="rb-btn rb-btn--primary"
          type="submit"
          data-key="send"
          aria-disabled={store.isSending}
          disabled={store.kernel.link === "lost"}
        >
          Send{" "}
          <span class="rb-nowrap">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
          </span>
        </button>
        <button class="rb-btn rb-btn--quiet" type="button" onClick={() => store.show({ kind: "detail", id })}>
          Cancel
        </button>
        {store.isSending && (
          <span class="rb-small rb-2" role="status">
            Waiting for the answer
          </span>
        )}
      </div>
    </form>
  );
}

export function Replay({ store, id }: { store: LogStore; id: number }) {
  const loaded = store.detail(id);
  const detail = loaded && "detail" in loaded ? loaded.detail : null;
  const refusal = loaded && "error" in loaded ? loaded.error : detail?.refusal;
  return (
    <section class="rb-log__detail" aria-labelledby={`log-replay-${id}`}>
      <PanelHead
        id={`log-replay-${id}`}
        title={`Edit and replay ${id}`}
        isFocused={store.takesFocus}
        onClose={() => store.show(null)}
      />
      {refusal && <Refusal text={refusal} />}
      {!loaded && <p role="status">Reading it…</p>}
      {detail?.request && <Form key={id} store={store} detail={detail} request={detail.request} />}
    </section>
  );
}
