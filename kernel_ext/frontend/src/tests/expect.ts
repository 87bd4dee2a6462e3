/** Expectations as a person writes them: their words, their values as text and back. Pure. */
import type { Expectation, Json, TestState, TestsDelta, TestsState, Verdict } from "../protocol";

/** An expectation in the editor: what is not chosen is not kept; `text` is its value as it is typed. */
export interface Row {
  expectation: Expectation;
  isChosen: boolean;
  text: string;
}

export const HOWS: { [kind in Expectation["kind"]]: Expectation["how"][] } = {
  status: ["equals"],
  header: ["equals", "contains", "matches"],
  json: ["equals", "contains", "matches"],
  time: ["under"],
  schema: ["fits"],
};

export const HOW_WORDS: { [how in Expectation["how"]]: string } = {
  equals: "equals",
  contains: "contains",
  matches: "matches",
  under: "under, in ms",
  fits: "fits",
};

/** A value as text: of JSON its JSON, of the others as it is. */
export const textOf = ({ kind, how, value }: Expectation): string =>
  kind === "json" && how !== "matches" ? JSON.stringify(value) : String(value);

/** The value that a text stands for; what is no JSON is a text. */
export function valueFrom({ kind, how }: Expectation, text: string): Json {
  const trimmed = text.trim();
  if (kind === "time") return Number(trimmed) || 0;
  if (kind === "status") return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
  if (kind !== "json" || how === "matches") return text;
  try {
    return JSON.parse(trimmed) as Json;
  } catch {
    return text;
  }
}

export const rowOf = (expectation: Expectation, isChosen = true): Row => ({
  expectation,
  isChosen,
  text: textOf(expectation),
});

/** A row with another text or another way to compare; the value follows. */
export function changed(row: Row, change: { text?: string; how?: Expectation["how"]; at?: string }): Row {
  const text = change.text ?? row.text;
  const expectation = { ...row.expectation, how: change.how ?? row.expectation.how, at: change.at ?? row.expectation.at };
  return { isChosen: true, text, expectation: { ...expectation, value: valueFrom(expectation, text) } };
}

/** The rows with one more: where the same place is expected already, that one is chosen and takes the value. */
export function withPicked(rows: Row[], expectation: Expectation): Row[] {
  const at = rows.findIndex((row) => row.expectation.kind === expectation.kind && row.expectation.at === expectation.at);
  return at < 0 ? [...rows, rowOf(expectation)] : rows.map((row, index) => (index === at ? rowOf(expectation) : row));
}

/** The place that an expectation is about. */
export const placeOf = ({ kind, at }: Expectation): string => (kind === "schema" ? "body" : at || kind);

/** An expectation in words: `status 201`, `$.title equals "Emma"`. */
export function wordsOf(expectation: Expectation): string {
  const { kind, at, how, value } = expectation;
  if (kind === "status") return `status ${String(value)}`;
  if (kind === "time") return `under ${String(value)} ms`;
  if (kind === "schema") return value === "declared" ? "fits the declared schema" : `fits the schema ${String(value)}`;
  return `${at} ${how} ${textOf(expectation)}`;
}

export const verdictWords = ({ came, problem }: Verdict): string =>
  [came && `came ${came}`, problem].filter(Boolean).join(": ");

/** The state after a delta. */
export function applyTestsDelta(state: TestsState, { set, order, problem, file, folder }: TestsDelta): TestsState {
  const byName = new Map([...state.tests, ...set].map((test) => [test.name, test]));
  return { file, folder, problem, tests: order.flatMap((name) => byName.get(name) ?? []) };
}

/** How many passed, failed, did not run, in words; "" where none has run. */
export function outcomeWords(tests: TestState[]): string {
  const counted = (["passed", "failed", "not run"] as const).flatMap((outcome) => {
    const count = tests.filter(({ result }) => result?.outcome === outcome).length;
    return count ? [`${count} ${outcome}`] : [];
  });
  return counted.join(", ");
}
