/** An exchange, to be kept as a test: what it sends, what is expected; a click on what came adds an expectation. */
import { useEffect, useState } from "preact/hooks";
import { type Value, parse, print } from "../json";
import { CommandError } from "../kernel";
import { Method } from "../parts/badges";
import { Icon } from "../parts/icon";
import { JsonTree } from "../parts/json-tree";
import type { Expectation, ExchangeDetail, Json, TestDraft, TestResult, Verdict } from "../protocol";
import { Editor, Fill } from "../tests/editor";
import { type Row, rowOf, withPicked } from "../tests/expect";
import { shorten, visible } from "../words";
import { PanelHead, Refusal } from "./panel";
import type { LogStore } from "./store";

const JUDGE_MS = 250;

const said = (error: unknown): string => (error instanceof CommandError ? error.message : String(error));

const ranWords = ({ outcome, problem, verdicts, elapsed_ms }: TestResult): string =>
  outcome === "not run"
    ? problem
    : `Ran once: ${verdicts.filter(({ holds }) => holds).length} of ${verdicts.length} hold, ${elapsed_ms.toFixed(1)} ms.`;

/** The answer that came: its values are picked by a click. */
function Came({ detail, onPick }: { detail: ExchangeDetail; onPick: (expectation: Expectation) => void }) {
  const { status, response_headers, response_body: body } = detail.exchange;
  const parsed = body?.text !== undefined && !body.is_truncated ? parse(body.text) : null;
  return (
    <div class="rb-keep__came">
      <h4>
        What came <span class="rb-small rb-2">click on a value to expect it</span>
      </h4>
      <p class="rb-line">
        <button
          class="rb-btn rb-btn--small"
          type="button"
          onClick={() => onPick({ kind: "status", at: "", how: "equals", value: status })}
        >
          status {status}
        </button>
        {response_headers.map(([name, value]) => (
          <button
            key={name}
            class="rb-btn rb-btn--small rb-keep__header"
            type="button"
            onClick={() => onPick({ kind: "header", at: name.toLowerCase(), how: "equals", value })}
          >
            <code>{visible(shorten(`${name}: ${value}`, 80))}</code>
          </button>
        ))}
      </p>
      {parsed?.ok && (
        <JsonTree
          value={parsed.value}
          label="Values of the answer"
          onPick={(at, value: Value) =>
            onPick({ kind: "json", at, how: "equals", value: JSON.parse(print(value, 0)) as Json })
          }
        />
      )}
    </div>
  );
}

function Form({ store, detail, draft }: { store: LogStore; detail: ExchangeDetail; draft: TestDraft }) {
  const { id } = detail.summary;
  const { kernel } = store;
  const { test } = draft;
  const [name, setName] = useState(draft.name);
  const [rows, setRows] = useState<Row[]>(() =>
    draft.suggestions.map(({ expectation, is_chosen }) => rowOf(expectation, is_chosen)),
  );
  const [verdicts, setVerdicts] = useState<Verdict[]>([]);
  const [values, setValues] = useState<{ [name: string]: string }>({});
  const [ran, setRan] = useState("");
  const chosen = (): Expectation[] => rows.filter(({ isChosen }) => isChosen).map(({ expectation }) => expectation);

  useEffect(() => {
    const timer = setTimeout(() => {
      const expect = rows.map(({ expectation }) => expectation);
      kernel
        .command("judge", { id, expect })
        .result.then((judged) => setVerdicts(judged as Verdict[]))
        .catch(() => setVerdicts([]));
    }, JUDGE_MS);
    return () => clearTimeout(timer);
  }, [rows, id]);

  const keep = async (): Promise<void> => {
    try {
      await kernel.command("keep", { id, name, expect: chosen() }).result;
      store.show({ kind: "detail", id });
      store.say(`Kept as "${name.trim()}" in ${draft.file}. %api test runs it.`);
    } catch (error) {
      store.say(said(error), true);
    }
  };
  const runOnce = async (): Promise<void> => {
    setRan("Running");
    try {
      setRan(ranWords((await kernel.command("try", { id, expect: chosen(), values }).result) as TestResult));
    } catch (error) {
      setRan(said(error));
    }
  };
  return (
    <form
      novalidate
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <div class="rb-keep__two">
        <div class="rb-stack">
          <div class="rb-form">
            <div class="rb-field">
              <div class="rb-field__name">
                <label for={`keep-name-${id}`}>name</label>
              </div>
              <input
                class="rb-input rb-field__wide"
                id={`keep-name-${id}`}
                value={name}
                onInput={({ currentTarget }) => setName(currentTarget.value)}
              />
            </div>
            <div class="rb-field">
              <div class="rb-field__name">sends</div>
              <div class="rb-field__wide rb-keep__v">
                <Method name={test.method} />
                <code class="rb-path">{visible(shorten(test.url, 300))}</code>
              </div>
            </div>
            {test.body && (
              <div class="rb-field">
                <div class="rb-field__name">body</div>
                <pre class="rb-field__wide rb-code rb-code--plain" tabIndex={0} role="group" aria-label="Body">
                  {visible(test.body)}
                </pre>
              </div>
            )}
          </div>
          {test.fill.length > 0 && (
            <p class="rb-small rb-2">
              <Icon name="lock" /> Credentials are filled in when it runs, never stored:
            </p>
          )}
          <Fill names={test.fill} held={test.held} values={values} onChange={setValues} />
        </div>
        <div>
          <Editor rows={rows} verdicts={verdicts} onChange={setRows} />
          <Came detail={detail} onPick={(expectation) => setRows(withPicked(rows, expectation))} />
        </div>
      </div>
      <div class="rb-line rb-keep__foot">
        <button class="rb-btn rb-btn--primary" type="submit" data-key="send" disabled={kernel.link === "lost"}>
          Keep{" "}
          <span class="rb-nowrap">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
          </span>
        </button>
        <button class="rb-btn" type="button" disabled={kernel.link === "lost"} onClick={() => void runOnce()}>
          <Icon name="play" />
          Run once
        </button>
        <button class="rb-btn rb-btn--quiet" type="button" onClick={() => store.show({ kind: "detail", id })}>
          Cancel
        </button>
        <span class="rb-push rb-small rb-2" role="status">
          {visible(ran)}
        </span>
      </div>
    </form>
  );
}

export function Keep({ store, id }: { store: LogStore; id: number }) {
  const loaded = store.detail(id);
  const [draft, setDraft] = useState<TestDraft | null>(null);
  const [refusal, setRefusal] = useState("");
  useEffect(() => {
    store.kernel
      .command("draft", { id })
      .result.then((made) => setDraft(made as TestDraft))
      .catch((error: unknown) => setRefusal(said(error)));
  }, [id]);
  return (
    <section class="rb-log__detail" aria-labelledby={`log-keep-${id}`}>
      <PanelHead
        id={`log-keep-${id}`}
        title={
          <>
            Keep {id} as a test{" "}
            {draft && (
              <span class="rb-small rb-2">
                in <code>{visible(draft.file)}</code> beside the notebook
              </span>
            )}
          </>
        }
        isFocused={store.takesFocus}
        onClose={() => store.show(null)}
      />
      {refusal && <Refusal text={refusal} />}
      {!refusal && !(draft && loaded) && <p role="status">Reading it…</p>}
      {draft && loaded && "detail" in loaded && <Form key={id} store={store} detail={loaded.detail} draft={draft} />}
    </section>
  );
}
