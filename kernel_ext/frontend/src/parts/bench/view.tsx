/** The bench: the next run, the one that is shown with its figures and plots, and one beside it. */
import { useEffect, useState } from "preact/hooks";
import { formerOf, isClear, isUnderWay, median, rate, ratioWords, time } from "../../bench-live";
import type { BenchStore } from "../../bench-store";
import { onKeyDown } from "../../keyboard";
import type { BenchFigures, BenchRun } from "../../protocol";
import { shorten, size, statusClass, visible } from "../../words";
import { useUid } from "../context";
import { Icon } from "../icon";
import { Card } from "../card";
import { LinkState, Lost, Waiting } from "../link";
import { BenchForm } from "./form";
import { Distribution, Throughput } from "./plot";

const wayOf = ({ arguments: { served } }: BenchRun): string => (served ? "over a socket" : "in process");
const nameOf = (run: BenchRun): string => `run ${run.id}: ${shorten(visible(run.label), 60)}, ${wayOf(run)}`;

function Progress({ store, run }: { store: BenchStore; run: BenchRun }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const total = run.arguments.count;
  const isWarming = run.status === "warming";
  return (
    <>
      <div class="rb-line">
        <span role="status">{isWarming ? "Warming up" : "Running"}</span>
        {!isWarming && (
          <span class="rb-2">
            {run.done.toLocaleString("en")} of {total.toLocaleString("en")}
          </span>
        )}
        <button
          class="rb-btn rb-btn--small rb-push"
          type="button"
          data-key="cancel"
          onClick={() => void store.stop(run.id)}
        >
          Cancel <kbd>Esc</kbd>
        </button>
      </div>
      <progress
        class="rb-progress"
        aria-label="Requests done"
        max={total}
        {...(isWarming ? {} : { value: run.done })}
      />
    </>
  );
}

type Row = [name: string, value: string, beside: string, ratio: string];

function rowsOf(figures: BenchFigures, former: BenchFigures | null): Row[] {
  const row = (name: string, of: (figures: BenchFigures) => number, words: (value: number) => string): Row => [
    name,
    words(of(figures)),
    former ? words(of(former)) : "",
    former ? ratioWords(of(figures), of(former)) : "",
  ];
  return [
    row("throughput", ({ throughput }) => throughput, rate),
    ...figures.percentiles.map(([percent], index) =>
      row(`p${percent}`, ({ percentiles }) => percentiles[index]?.[1] ?? 0, time),
    ),
    row("mean", ({ mean_us }) => mean_us, time),
    row("least", ({ min_us }) => min_us, time),
    row("greatest", ({ max_us }) => max_us, time),
  ];
}

function Table({ run, former, figures }: { run: BenchRun; former: BenchRun | undefined; figures: BenchFigures }) {
  return (
    <table class="rb-table rb-bench__table">
      <caption class="rb-sr">Figures of run {run.id}</caption>
      <thead>
        <tr>
          <th scope="col">latency</th>
          <th scope="col">run {run.id}</th>
          {former && <th scope="col">run {former.id}</th>}
          {former && <th scope="col">ratio</th>}
        </tr>
      </thead>
      <tbody>
        {rowsOf(figures, former?.figures ?? null).map(([name, value, beside, ratio]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
            {former && <td class="rb-2">{beside}</td>}
            {former && <td>{ratio}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a comparison comes to, in a sentence. */
function Verdict({ figures, former }: { figures: BenchFigures; former: BenchFigures }) {
  const ratio = median(former) / median(figures);
  if (!isClear(figures, former))
    return (
      <p>
        <strong>No clear difference.</strong> The medians within one run vary as much as the two runs differ.
      </p>
    );
  return (
    <p>
      <strong>
        {ratio >= 1 ? `${ratio.toFixed(2)} times as fast` : `${(1 / ratio).toFixed(2)} times as slow`} at the median.
      </strong>{" "}
      The outline is the other run.
    </p>
  );
}

function Answers({ figures }: { figures: BenchFigures }) {
  return (
    <p class="rb-line rb-small">
      <span class="rb-2">answers</span>
      {figures.statuses.map(([status, count]) => (
        <span key={status} class="rb-status" data-s={statusClass(status)}>
          {status} × {count.toLocaleString("en")}
        </span>
      ))}
      {figures.errors.map(([name, count]) => (
        <span key={name} class="rb-status" data-s="5">
          {visible(name)} × {count.toLocaleString("en")}
        </span>
      ))}
      <span class="rb-2">{size(figures.size_bytes)} of bodies</span>
    </p>
  );
}

function Result({ store, run, figures }: { store: BenchStore; run: BenchRun; figures: BenchFigures }) {
  const { former } = store;
  const other = former?.figures ?? null;
  return (
    <div class="rb-bench__result">
      <div class="rb-bench__plots">
        <Distribution figures={figures} former={other} />
        <Throughput figures={figures} former={other} />
      </div>
      <div class="rb-bench__figures">
        <Table run={run} former={former} figures={figures} />
        <Answers figures={figures} />
        {other && <Verdict figures={figures} former={other} />}
      </div>
      <div class="rb-small rb-2 rb-bench__words">
        {run.measured.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
    </div>
  );
}

function Chooser({ store, run }: { store: BenchStore; run: BenchRun }) {
  const uid = `${useUid()}-runs`;
  const others = store.runs.filter(({ id, figures }) => id !== run.id && figures);
  if (store.runs.length < 2) return null;
  return (
    <div class="rb-line rb-small">
      <label class="rb-line" for={`${uid}-shown`}>
        show
        <select
          class="rb-select rb-bench__choice"
          id={`${uid}-shown`}
          value={String(run.id)}
          onChange={({ currentTarget }) => store.choose(Number(currentTarget.value))}
        >
          {[...store.runs].reverse().map((one) => (
            <option key={one.id} value={String(one.id)}>
              {nameOf(one)}
            </option>
          ))}
        </select>
      </label>
      {others.length > 0 && (
        <label class="rb-line" for={`${uid}-beside`}>
          beside
          <select
            class="rb-select rb-bench__choice"
            id={`${uid}-beside`}
            value={String(store.former?.id ?? "")}
            onChange={({ currentTarget }) => store.compare(currentTarget.value ? Number(currentTarget.value) : null)}
          >
            <option value="">nothing</option>
            {[...others].reverse().map((one) => (
              <option key={one.id} value={String(one.id)}>
                {nameOf(one)}
                {formerOf(run, store.runs)?.id === one.id ? " (the one before)" : ""}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

function Shown({ store, run }: { store: BenchStore; run: BenchRun }) {
  const { count, concurrency } = run.arguments;
  return (
    <section class="rb-bench__run" aria-labelledby={`${useUid()}-run`}>
      <div class="rb-part">
        <h3 id={`${useUid()}-run`}>
          <code>{visible(shorten(run.label, 300))}</code>
        </h3>
        <span class="rb-small rb-2">
          run {run.id}, {wayOf(run)}, {count.toLocaleString("en")} requests, {concurrency} at a time
          {run.status === "cancelled" && `, cancelled after ${(run.figures?.count ?? 0).toLocaleString("en")}`}
        </span>
      </div>
      <Chooser store={store} run={run} />
      {isUnderWay(run) && <Progress store={store} run={run} />}
      {run.message && (
        <div class="rb-note" data-n={run.status === "failed" ? "error" : "warn"} role="status">
          <Icon name={run.status === "failed" ? "error" : "warn"} />
          <div>
            {run.status === "failed" && <strong>The run failed. </strong>}
            {visible(run.message)}
          </div>
        </div>
      )}
      {run.figures ? (
        <Result store={store} run={run} figures={run.figures} />
      ) : (
        run.status === "cancelled" && <p class="rb-2">Cancelled before anything was measured.</p>
      )}
    </section>
  );
}

const Keys = () => (
  <footer class="rb-foot" aria-label="Keys">
    <span>
      <kbd>Ctrl</kbd> <kbd>Enter</kbd> run
    </span>
    <span>
      <kbd>Esc</kbd> cancel, back to the notebook
    </span>
  </footer>
);

export function BenchView({ store }: { store: BenchStore }) {
  const { state, link } = store.kernel;
  const { run } = store;
  return (
    <Card label="Routebook bench" onKeyDown={onKeyDown}>
      <header class="rb-bar">
        <h2>
          Bench <span class="rb-2 rb-small">{state ? visible(state.name) : ""}</span>
        </h2>
        <LinkState link={link} />
      </header>
      {state && link === "lost" && <Lost kernel={store.kernel} />}
      {state ? (
        <div class="rb-bench">
          <BenchForm store={store} isBusy={store.runs.some(isUnderWay)} />
          {run ? <Shown store={store} run={run} /> : <p class="rb-2">No run yet.</p>}
        </div>
      ) : (
        <Waiting kernel={store.kernel} what="the runs" />
      )}
      <Keys />
    </Card>
  );
}
