/** The view of saved tests: run them, see each result in place, edit them, remove them. */
import { useEffect, useState } from "preact/hooks";
import { Method } from "../parts/badges";
import { leave } from "../keyboard";
import { Card } from "../parts/card";
import { Icon, type IconName } from "../parts/icon";
import { LinkState, Lost, Waiting } from "../parts/link";
import type { ExpectationResult, SavedTest, SavedTestResult, SavedTestsState } from "../protocol";
import { plural, shorten, visible } from "../words";
import { ExpectationEditor, VariablesForm } from "./editor";
import {
  type ExpectationRow,
  buildRow,
  describeActual,
  describeExpectation,
  describeOutcomes,
} from "./expectations";
import type { SavedTestsStore } from "./store";

/** The icon, the digit of the colour, and the label of each outcome. */
const OUTCOMES: { [outcome in SavedTestResult["outcome"]]: [IconName, string, string] } = {
  passed: ["ok", "2", "Passed"],
  failed: ["error", "5", "Failed"],
  "not run": ["warn", "4", "Not run"],
};

function Outcome({ test: { is_running, result } }: { test: SavedTest }) {
  if (is_running) return <span class="rb-small rb-2">Running</span>;
  if (!result) return <span class="rb-small rb-2">Not run yet</span>;
  const [icon, digit, label] = OUTCOMES[result.outcome];
  return (
    <span class="rb-status" data-s={digit}>
      <Icon name={icon} />
      {label}
      {result.outcome !== "not run" && <span class="rb-small rb-2"> {result.elapsed_ms.toFixed(1)} ms</span>}
    </span>
  );
}

const ExpectationLine = ({ text, result }: { text: string; result: ExpectationResult | undefined }) => (
  <li data-met={result?.is_met}>
    <Icon name={result ? (result.is_met ? "check" : "x") : "dot"} />
    <span>
      <span class="rb-sr">{result ? (result.is_met ? "met: " : "not met: ") : ""}</span>
      <code>{visible(shorten(text, 200))}</code>
      {result && !result.is_met && <span class="rb-bad"> {visible(describeActual(result))}</span>}
    </span>
  </li>
);

function EditForm({ store, test }: { store: SavedTestsStore; test: SavedTest }) {
  const [name, setName] = useState(test.name);
  const [rows, setRows] = useState<ExpectationRow[]>(() => test.expectations.map((expectation) => buildRow(expectation)));
  const [results, setResults] = useState<ExpectationResult[]>([]);
  const exchange = test.result?.exchange ?? null;
  useEffect(() => {
    if (exchange === null) return;
    const timer = setTimeout(() => {
      store.kernel
        .command("check", { id: exchange, expectations: rows.map(({ expectation }) => expectation) })
        .result.then((reply) => setResults(reply as ExpectationResult[]))
        .catch(() => setResults([]));
    }, 250);
    return () => clearTimeout(timer);
  }, [rows, exchange]);
  const save = (): void => {
    const expectations = rows.filter(({ isChosen }) => isChosen).map(({ expectation }) => expectation);
    void store.change(test.name, name, expectations);
  };
  const id = `edit-${test.name}`;
  return (
    <form
      class="rb-tests__edit"
      novalidate
      aria-label={`Edit ${test.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div class="rb-form">
        <div class="rb-field">
          <div class="rb-field__name">
            <label for={id}>Name</label>
          </div>
          <input
            class="rb-input rb-field__wide"
            id={id}
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </div>
      </div>
      <ExpectationEditor rows={rows} results={results} onChange={setRows} />
      <div class="rb-line rb-save__foot">
        <button class="rb-btn rb-btn--primary" type="submit">
          Save
        </button>
        <button class="rb-btn rb-btn--quiet" type="button" onClick={() => store.edit(null)}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function Remove({ store, name }: { store: SavedTestsStore; name: string }) {
  const [isConfirming, setConfirming] = useState(false);
  if (!isConfirming) {
    return (
      <button
        class="rb-btn rb-btn--quiet rb-btn--small"
        type="button"
        aria-label={`Remove ${name}`}
        onClick={() => setConfirming(true)}
      >
        Remove
      </button>
    );
  }
  return (
    <>
      <button class="rb-btn rb-btn--small" type="button" onClick={() => void store.remove(name)}>
        Remove from file
      </button>
      <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={() => setConfirming(false)}>
        Cancel
      </button>
    </>
  );
}

function Test({ store, test }: { store: SavedTestsStore; test: SavedTest }) {
  const { name, result } = test;
  const isLost = store.kernel.link === "lost";
  return (
    <li class="rb-tests__test" aria-label={visible(name)}>
      <div class="rb-line">
        <h3>{visible(shorten(name, 200))}</h3>
        <Outcome test={test} />
        <span class="rb-push rb-nowrap">
          <button
            class="rb-btn rb-btn--small"
            type="button"
            aria-label={`Run ${name}`}
            disabled={isLost}
            aria-disabled={store.isRunning}
            onClick={() => void store.run([name])}
          >
            <Icon name="play" />
            Run
          </button>{" "}
          <button
            class="rb-btn rb-btn--quiet rb-btn--small"
            type="button"
            aria-label={`Edit ${name}`}
            aria-expanded={store.edited === name}
            disabled={isLost}
            onClick={() => store.edit(store.edited === name ? null : name)}
          >
            Edit
          </button>
          <Remove store={store} name={name} />
        </span>
      </div>
      <p class="rb-line rb-tests__sends">
        <Method name={test.method} />
        <code class="rb-path rb-clip">{visible(shorten(test.url, 300))}</code>
        <span class="rb-small rb-2">
          to <code>{visible(test.application)}</code>
        </span>
      </p>
      {result?.problem && <p class="rb-small rb-tests__problem">{visible(result.problem)}</p>}
      {store.edited === name ? (
        <EditForm key={name} store={store} test={test} />
      ) : (
        <ul class="rb-tests__expectations" aria-label="Expected">
          {test.expectations.map((expectation, index) => (
            <ExpectationLine
              key={index}
              text={describeExpectation(expectation)}
              result={result?.expectation_results[index]}
            />
          ))}
          {!test.expectations.length && <li class="rb-2">No expectations: passes on any response.</li>}
        </ul>
      )}
    </li>
  );
}

function Bar({ store, state }: { store: SavedTestsStore; state: SavedTestsState | null }) {
  const { link } = store.kernel;
  const tests = state?.tests ?? [];
  const outcomes = describeOutcomes(tests);
  return (
    <header class="rb-bar">
      <h2>Saved tests</h2>
      <LinkState link={link} />
      {tests.length > 0 && (
        <span class="rb-small rb-2" role="status">
          {plural(tests.length, "test")} in <code title={visible(state?.folder ?? "")}>{visible(state?.file ?? "")}</code>
          {outcomes && ` · ${outcomes}`}
        </span>
      )}
      <span class="rb-push">
        <button
          class="rb-btn rb-btn--primary rb-btn--small"
          type="button"
          data-key="send"
          disabled={!tests.length || link === "lost"}
          aria-disabled={store.isRunning}
          onClick={() => void store.run(null)}
        >
          Run all <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </button>
      </span>
    </header>
  );
}

const Empty = () => (
  <div class="rb-empty">
    <p>
      <strong>No saved tests yet.</strong>
    </p>
    <p class="rb-2">
      Open a request in <code>%api log</code> and press <kbd>K</kbd> or the flask to save it with your expectations on
      the response.
    </p>
  </div>
);

function Loaded({ store, state }: { store: SavedTestsStore; state: SavedTestsState }) {
  const variables = [...new Set(state.tests.flatMap((test) => test.variables))];
  const signedIn = Object.assign({}, ...state.tests.map((test) => test.signed_in)) as { [name: string]: string };
  const problem = state.problem || store.problem;
  return (
    <>
      <Bar store={store} state={state} />
      {store.kernel.link === "lost" && <Lost kernel={store.kernel} />}
      {problem && (
        <div class="rb-note" data-n="error" role="alert">
          <Icon name="error" />
          <div>{visible(problem)}</div>
        </div>
      )}
      {variables.length > 0 && (
        <details class="rb-fold rb-tests__variables" open={state.tests.some(({ result }) => result?.outcome === "not run")}>
          <summary>
            <Icon name="right" />
            {plural(variables.length, "value")} to fill in, never saved
          </summary>
          <VariablesForm
            names={variables}
            signedIn={signedIn}
            values={store.values}
            onChange={(values) => store.setValues(values)}
          />
        </details>
      )}
      {state.tests.length ? (
        <ul class="rb-tests" aria-label="Saved tests">
          {state.tests.map((test) => (
            <Test key={test.name} store={store} test={test} />
          ))}
        </ul>
      ) : (
        !problem && <Empty />
      )}
    </>
  );
}

/** Handle a key inside the view. */
function onKeyDown(event: KeyboardEvent, store: SavedTestsStore): void {
  const root = event.currentTarget as HTMLElement;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void store.run(null);
  else if (event.key === "Escape") {
    if (store.edited !== null) store.edit(null);
    else leave(root);
  } else return;
  event.preventDefault();
}

export function SavedTestsView({ store }: { store: SavedTestsStore }) {
  const { state } = store.kernel;
  return (
    <Card label="Routebook saved tests" onKeyDown={(event) => onKeyDown(event, store)}>
      {state ? (
        <Loaded store={store} state={state} />
      ) : (
        <Waiting kernel={store.kernel} what="the saved tests" />
      )}
    </Card>
  );
}
