/** The kept tests: run, each with its result in place, edited, removed. */
import { useEffect, useState } from "preact/hooks";
import { Method } from "../parts/badges";
import { leave } from "../keyboard";
import { Card } from "../parts/card";
import { Icon, type IconName } from "../parts/icon";
import { LinkState, Lost, Waiting } from "../parts/link";
import type { TestState, TestsState, Verdict } from "../protocol";
import { plural, shorten, visible } from "../words";
import { Editor, Fill } from "./editor";
import { type Row, outcomeWords, rowOf, verdictWords, wordsOf } from "./expect";
import type { TestsStore } from "./store";

const SIGNS: { [outcome: string]: [IconName, string] } = {
  passed: ["ok", "2"],
  failed: ["error", "5"],
  "not run": ["warn", "4"],
};

function Outcome({ test: { is_running, result } }: { test: TestState }) {
  if (is_running) return <span class="rb-small rb-2">running</span>;
  if (!result) return <span class="rb-small rb-2">not run yet</span>;
  const [icon, digit] = SIGNS[result.outcome] ?? ["info", "1"];
  return (
    <span class="rb-status" data-s={digit}>
      <Icon name={icon} />
      {result.outcome}
      {result.outcome !== "not run" && <span class="rb-small rb-2"> {result.elapsed_ms.toFixed(1)} ms</span>}
    </span>
  );
}

const Line = ({ words, verdict }: { words: string; verdict: Verdict | undefined }) => (
  <li data-holds={verdict?.holds}>
    <Icon name={verdict ? (verdict.holds ? "check" : "x") : "dot"} />
    <span>
      <span class="rb-sr">{verdict ? (verdict.holds ? "holds: " : "does not hold: ") : ""}</span>
      <code>{visible(shorten(words, 200))}</code>
      {verdict && !verdict.holds && <span class="rb-bad"> {visible(verdictWords(verdict))}</span>}
    </span>
  </li>
);

function EditForm({ store, test }: { store: TestsStore; test: TestState }) {
  const [name, setName] = useState(test.name);
  const [rows, setRows] = useState<Row[]>(() => test.expect.map((one) => rowOf(one)));
  const [verdicts, setVerdicts] = useState<Verdict[]>([]);
  const exchange = test.result?.exchange ?? null;
  useEffect(() => {
    if (exchange === null) return;
    const timer = setTimeout(() => {
      store.kernel
        .command("judge", { id: exchange, expect: rows.map(({ expectation }) => expectation) })
        .result.then((judged) => setVerdicts(judged as Verdict[]))
        .catch(() => setVerdicts([]));
    }, 250);
    return () => clearTimeout(timer);
  }, [rows, exchange]);
  const save = (): void => {
    const expect = rows.filter(({ isChosen }) => isChosen).map(({ expectation }) => expectation);
    void store.change(test.name, name, expect);
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
            <label for={id}>name</label>
          </div>
          <input
            class="rb-input rb-field__wide"
            id={id}
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </div>
      </div>
      <Editor rows={rows} verdicts={verdicts} onChange={setRows} />
      <div class="rb-line rb-keep__foot">
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

function Remove({ store, name }: { store: TestsStore; name: string }) {
  const [isAsking, setAsking] = useState(false);
  if (!isAsking) {
    return (
      <button
        class="rb-btn rb-btn--quiet rb-btn--small"
        type="button"
        aria-label={`Remove ${name}`}
        onClick={() => setAsking(true)}
      >
        Remove
      </button>
    );
  }
  return (
    <>
      <button class="rb-btn rb-btn--small" type="button" onClick={() => void store.remove(name)}>
        Remove it from the file
      </button>
      <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={() => setAsking(false)}>
        No
      </button>
    </>
  );
}

function Test({ store, test }: { store: TestsStore; test: TestState }) {
  const { name, result } = test;
  const isLost = store.kernel.link === "lost";
  return (
    <li class="rb-tests__one" aria-label={visible(name)}>
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
      {result?.problem && <p class="rb-small rb-tests__why">{visible(result.problem)}</p>}
      {store.edited === name ? (
        <EditForm key={name} store={store} test={test} />
      ) : (
        <ul class="rb-tests__expect" aria-label="Expects">
          {test.expect.map((one, index) => (
            <Line key={index} words={wordsOf(one)} verdict={result?.verdicts[index]} />
          ))}
          {!test.expect.length && <li class="rb-2">nothing yet: it passes if it is answered</li>}
        </ul>
      )}
    </li>
  );
}

function Bar({ store, state }: { store: TestsStore; state: TestsState | null }) {
  const { link } = store.kernel;
  const tests = state?.tests ?? [];
  const outcome = outcomeWords(tests);
  return (
    <header class="rb-bar">
      <h2>Tests</h2>
      <LinkState link={link} />
      {tests.length > 0 && (
        <span class="rb-small rb-2" role="status">
          {plural(tests.length, "test")} in <code title={visible(state?.folder ?? "")}>{visible(state?.file ?? "")}</code>
          {outcome && ` · ${outcome}`}
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
      <strong>No test is kept yet.</strong>
    </p>
    <p class="rb-2">
      Open an exchange in <code>%api log</code> and press <kbd>K</kbd>, or its flask: it is kept with what you expect of
      the answer.
    </p>
  </div>
);

function Loaded({ store, state }: { store: TestsStore; state: TestsState }) {
  const asked = [...new Set(state.tests.flatMap(({ fill }) => fill))];
  const held = Object.assign({}, ...state.tests.map((test) => test.held)) as { [name: string]: string };
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
      {asked.length > 0 && (
        <details class="rb-fold rb-tests__fill" open={state.tests.some(({ result }) => result?.outcome === "not run")}>
          <summary>
            <Icon name="right" />
            {plural(asked.length, "value")} to fill in: they stand in no file
          </summary>
          <Fill names={asked} held={held} values={store.values} onChange={(values) => store.fill(values)} />
        </details>
      )}
      {state.tests.length ? (
        <ul class="rb-tests" aria-label="Tests">
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
function onKeyDown(event: KeyboardEvent, store: TestsStore): void {
  const root = event.currentTarget as HTMLElement;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void store.run(null);
  else if (event.key === "Escape") {
    if (store.edited !== null) store.edit(null);
    else leave(root);
  } else return;
  event.preventDefault();
}

export function TestsView({ store }: { store: TestsStore }) {
  const { state } = store.kernel;
  return (
    <Card label="Routebook tests" onKeyDown={(event) => onKeyDown(event, store)}>
      {state ? (
        <Loaded store={store} state={state} />
      ) : (
        <Waiting kernel={store.kernel} what="the tests" />
      )}
    </Card>
  );
}
