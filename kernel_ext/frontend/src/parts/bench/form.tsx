/** The next run: what to send, how often, how many at a time, and where. */
import { readHeaders } from "../../bench-live";
import type { BenchStore } from "../../bench-store";
import { visible } from "../../words";
import { useUid } from "../context";
import { Icon } from "../icon";
import { Segments } from "../segments";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const WAYS = [
  { value: false, label: "In process" },
  { value: true, label: "Over a socket" },
];

export function BenchForm({ store, isBusy }: { store: BenchStore; isBusy: boolean }) {
  const uid = `${useUid()}-bench`;
  const { plan } = store;
  const headers = readHeaders(plan.headers);
  const problem = typeof headers === "string" ? headers : store.problem;
  const start = (): void => {
    if (isBusy || typeof headers === "string") return;
    const { method, target, body, count, concurrency, served, operation, like } = plan;
    void store.start({
      method,
      target,
      headers,
      body: body.trim() ? body : null,
      count: Number(count),
      concurrency: Number(concurrency),
      warm_up: null,
      served,
      operation,
      like,
    });
  };
  return (
    <form
      class="rb-bench__form"
      aria-label="Next run"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <div class="rb-bench__request">
        <select
          class="rb-select"
          aria-label="Method"
          value={plan.method}
          onChange={({ currentTarget }) => store.write({ method: currentTarget.value })}
        >
          {[...new Set([...METHODS, plan.method])].map((method) => (
            <option key={method}>{method}</option>
          ))}
        </select>
        <input
          class="rb-input"
          aria-label="Path and query"
          spellcheck={false}
          autocomplete="off"
          value={plan.target}
          onInput={({ currentTarget }) => store.write({ target: currentTarget.value })}
        />
        <button
          class="rb-btn rb-btn--primary"
          type="submit"
          data-key="send"
          aria-disabled={isBusy}
          disabled={store.kernel.link === "lost"}
        >
          Run{" "}
          <span class="rb-nowrap">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
          </span>
        </button>
      </div>
      <div class="rb-line">
        <label class="rb-line" for={`${uid}-n`}>
          <input
            class="rb-input rb-bench__number"
            id={`${uid}-n`}
            inputMode="numeric"
            value={plan.count}
            onInput={({ currentTarget }) => store.write({ count: currentTarget.value })}
          />
          requests
        </label>
        <label class="rb-line" for={`${uid}-c`}>
          <input
            class="rb-input rb-bench__number"
            id={`${uid}-c`}
            inputMode="numeric"
            value={plan.concurrency}
            onInput={({ currentTarget }) => store.write({ concurrency: currentTarget.value })}
          />
          at a time
        </label>
        <Segments name="Where" choices={WAYS} value={plan.served} onChoose={(served) => store.write({ served })} />
      </div>
      <details class="rb-fold" open={plan.body !== "" || plan.headers !== ""}>
        <summary>
          <Icon name="right" />
          Body and headers
        </summary>
        <div class="rb-bench__more">
          <label for={`${uid}-body`}>body</label>
          <textarea
            class="rb-input rb-input--lines"
            id={`${uid}-body`}
            rows={3}
            spellcheck={false}
            placeholder="none; JSON, unless a header says otherwise"
            value={plan.body}
            onInput={({ currentTarget }) => store.write({ body: currentTarget.value })}
          />
          <label for={`${uid}-headers`}>headers</label>
          <textarea
            class="rb-input rb-input--lines"
            id={`${uid}-headers`}
            rows={2}
            spellcheck={false}
            placeholder="Name: value"
            value={plan.headers}
            onInput={({ currentTarget }) => store.write({ headers: currentTarget.value })}
          />
        </div>
      </details>
      {plan.signers && (
        <p class="rb-small rb-2">
          <Icon name="lock" /> Sent as you are signed in: {visible(plan.signers)}.
        </p>
      )}
      {problem && (
        <p class="rb-small rb-bad" role="alert">
          <Icon name="error" /> {problem}
        </p>
      )}
    </form>
  );
}
