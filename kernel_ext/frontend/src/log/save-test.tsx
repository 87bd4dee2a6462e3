/** The panel that saves an exchange as a test. A click on a value of the response adds an expectation. */
import { useEffect, useState } from "preact/hooks";
import { type Value, parse, print } from "../json";
import { CommandError } from "../kernel";
import { Method } from "../parts/badges";
import { Icon } from "../parts/icon";
import { JsonTree } from "../parts/json-tree";
import type {
  ExchangeDetail,
  Expectation,
  ExpectationResult,
  Json,
  SavedTestDraft,
  SavedTestResult,
} from "../protocol";
import { ExpectationEditor, VariablesForm } from "../saved_tests/editor";
import { type ExpectationRow, addExpectation, buildRow } from "../saved_tests/expectations";
import { shorten, visible } from "../words";
import { PanelHead, Refusal } from "./panel";
import type { LogStore } from "./store";

const CHECK_DELAY_MS = 250;

const errorMessage = (error: unknown): string => (error instanceof CommandError ? error.message : String(error));

function describeRun({ outcome, problem, expectation_results: results, elapsed_ms }: SavedTestResult): string {
  if (outcome === "not run") return problem;
  const met = results.filter(({ is_met }) => is_met).length;
  return `${outcome === "passed" ? "Passed" : "Failed"}: ${met} of ${results.length} met, ${elapsed_ms.toFixed(1)} ms.`;
}

/** The response; a click on a value expects it. */
function PickableResponse({ detail, onPick }: { detail: ExchangeDetail; onPick: (expectation: Expectation) => void }) {
  const { status, response_headers, response_body: body } = detail.exchange;
  const parsed = body?.text !== undefined && !body.is_truncated ? parse(body.text) : null;
  return (
    <div class="rb-save__response">
      <h4>
        Response <span class="rb-small rb-2">click on a value to expect it</span>
      </h4>
      <p class="rb-line">
        <button
          class="rb-btn rb-btn--small"
          type="button"
          onClick={() => onPick({ kind: "status", target: "", operator: "equals", value: status })}
        >
          status {status}
        </button>
        {response_headers.map(([name, value]) => (
          <button
            key={name}
            class="rb-btn rb-btn--small rb-save__header"
            type="button"
            onClick={() => onPick({ kind: "header", target: name.toLowerCase(), operator: "equals", value })}
          >
            <code>{visible(shorten(`${name}: ${value}`, 80))}</code>
          </button>
        ))}
      </p>
      {parsed?.ok && (
        <JsonTree
          value={parsed.value}
          label="Values of the response"
          onPick={(target, value: Value) =>
            onPick({ kind: "json", target, operator: "equals", value: JSON.parse(print(value, 0)) as Json })
          }
        />
      )}
    </div>
  );
}

function Form({ store, detail, draft }: { store: LogStore; detail: ExchangeDetail; draft: SavedTestDraft }) {
  const { id } = detail.summary;
  const { kernel } = store;
  const { test } = draft;
  const [name, setName] = useState(draft.name);
  const [rows, setRows] = useState<ExpectationRow[]>(() =>
    draft.suggestions.map(({ expectation, is_chosen }) => buildRow(expectation, is_chosen)),
  );
  const [results, setResults] = useState<ExpectationResult[]>([]);
  const [values, setValues] = useState<{ [name: string]: string }>({});
  const [run, setRun] = useState("");
  const chosen = (): Expectation[] => rows.filter(({ isChosen }) => isChosen).map(({ expectation }) => expectation);

  useEffect(() => {
    const timer = setTimeout(() => {
      const expectations = rows.map(({ expectation }) => expectation);
      kernel
        .command("check", { id, expectations })
        .result.then((reply) => setResults(reply as ExpectationResult[]))
        .catch(() => setResults([]));
    }, CHECK_DELAY_MS);
    return () => clearTimeout(timer);
  }, [rows, id]);

  const save = async (): Promise<void> => {
    try {
      await kernel.command("save", { id, name, expectations: chosen() }).result;
      store.show({ kind: "detail", id });
      store.say(`Saved as "${name.trim()}" in ${draft.file}. %api test runs it.`);
    } catch (error) {
      store.say(errorMessage(error), true);
    }
  };
  const runOnce = async (): Promise<void> => {
    setRun("Running…");
    try {
      const { result } = kernel.command("try", { id, expectations: chosen(), values });
      setRun(describeRun((await result) as SavedTestResult));
    } catch (error) {
      setRun(errorMessage(error));
    }
  };
  return (
    <form
      novalidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div class="rb-save__columns">
        <div class="rb-stack">
          <div class="rb-form">
            <div class="rb-field">
              <div class="rb-field__name">
                <label for={`save-name-${id}`}>Name</label>
              </div>
              <input
                class="rb-input rb-field__wide"
                id={`save-name-${id}`}
                value={name}
                onInput={({ currentTarget }) => setName(currentTarget.value)}
              />
            </div>
            <div class="rb-field">
              <div class="rb-field__name">Sent</div>
              <div class="rb-field__wide rb-save__sends">
                <Method name={test.method} />
                <code class="rb-path">{visible(shorten(test.url, 300))}</code>
              </div>
            </div>
            {test.body && (
              <div class="rb-field">
                <div class="rb-field__name">Body</div>
                <pre class="rb-field__wide rb-code rb-code--plain" tabIndex={0} role="group" aria-label="Body">
                  {visible(test.body)}
                </pre>
              </div>
            )}
          </div>
          {test.variables.length > 0 && (
            <p class="rb-small rb-2">
              <Icon name="lock" /> Credentials are filled in when the test runs, and never saved:
            </p>
          )}
          <VariablesForm
            names={test.variables}
            signedIn={test.signed_in}
            values={values}
            onChange={setValues}
          />
        </div>
        <div>
          <ExpectationEditor rows={rows} results={results} onChange={setRows} />
          <PickableResponse detail={detail} onPick={(expectation) => setRows(addExpectation(rows, expectation))} />
        </div>
      </div>
      <div class="rb-line rb-save__foot">
        <button class="rb-btn rb-btn--primary" type="submit" data-key="send" disabled={kernel.link === "lost"}>
          Save{" "}
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
          {visible(run)}
        </span>
      </div>
    </form>
  );
}

export function SaveTestPanel({ store, id }: { store: LogStore; id: number }) {
  const loaded = store.detail(id);
  const [draft, setDraft] = useState<SavedTestDraft | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    store.kernel
      .command("draft", { id })
      .result.then((made) => setDraft(made as SavedTestDraft))
      .catch((error: unknown) => setProblem(errorMessage(error)));
  }, [id]);
  return (
    <section class="rb-log__detail" aria-labelledby={`log-save-${id}`}>
      <PanelHead
        id={`log-save-${id}`}
        title={
          <>
            Save {id} as test{" "}
            {draft && (
              <span class="rb-small rb-2">
                in <code>{visible(draft.file)}</code> next to the notebook
              </span>
            )}
          </>
        }
        isFocused={store.takesFocus}
        onClose={() => store.show(null)}
      />
      {problem && <Refusal text={problem} />}
      {!problem && !(draft && loaded) && <p role="status">Loading request…</p>}
      {draft && loaded && "detail" in loaded && <Form key={id} store={store} detail={loaded.detail} draft={draft} />}
    </section>
  );
}
