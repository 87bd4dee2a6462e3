/** Expectations as the editor has them: as text, parsed back, added by a click. Pure. */
import type {
  Expectation,
  ExpectationResult,
  Json,
  SavedTest,
  SavedTestsDelta,
  SavedTestsState,
} from "../protocol";

/** An expectation in the editor. Only chosen ones are saved; `text` is the value as it was typed. */
export interface ExpectationRow {
  expectation: Expectation;
  isChosen: boolean;
  text: string;
}

export const OPERATORS: { [kind in Expectation["kind"]]: Expectation["operator"][] } = {
  status: ["equals"],
  header: ["equals", "contains", "matches"],
  json: ["equals", "contains", "matches"],
  time: ["under"],
  schema: ["matches"],
};

export const OPERATOR_LABELS: { [operator in Expectation["operator"]]: string } = {
  equals: "equals",
  contains: "contains",
  matches: "matches",
  under: "under, in ms",
};

/** Format a value as text: JSON for a value of the body, as it is for the others. */
export const formatValue = ({ kind, operator, value }: Expectation): string =>
  kind === "json" && operator !== "matches" ? JSON.stringify(value) : String(value);

/** Parse the text of a value. Invalid JSON counts as a string, so quotes are optional. */
export function parseValue({ kind, operator }: Expectation, text: string): Json {
  const trimmed = text.trim();
  if (kind === "time") return Number(trimmed) || 0;
  if (kind === "status") return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
  if (kind !== "json" || operator === "matches") return text;
  try {
    return JSON.parse(trimmed) as Json;
  } catch {
    return text;
  }
}

export const buildRow = (expectation: Expectation, isChosen = true): ExpectationRow => ({
  expectation,
  isChosen,
  text: formatValue(expectation),
});

/** Return a row with a changed text, operator or target, chosen, and with its value parsed again. */
export function changeRow(
  row: ExpectationRow,
  change: { text?: string; operator?: Expectation["operator"]; target?: string },
): ExpectationRow {
  const { text = row.text, ...rest } = change;
  const expectation = { ...row.expectation, ...rest };
  return { isChosen: true, text, expectation: { ...expectation, value: parseValue(expectation, text) } };
}

/** Add an expectation, or choose the row with the same target and give it the new value. */
export function addExpectation(rows: ExpectationRow[], expectation: Expectation): ExpectationRow[] {
  const { kind, target } = expectation;
  const index = rows.findIndex((row) => row.expectation.kind === kind && row.expectation.target === target);
  return index < 0 ? [...rows, buildRow(expectation)] : rows.map((row, at) => (at === index ? buildRow(expectation) : row));
}

/** Name the part of the response that an expectation is about. */
export const targetLabel = ({ kind, target }: Expectation): string => (kind === "schema" ? "body" : target || kind);

/** Describe an expectation: `status 201`, `$.title equals "Emma"`. */
export function describeExpectation(expectation: Expectation): string {
  const { kind, target, operator, value } = expectation;
  if (kind === "status") return `status ${String(value)}`;
  if (kind === "time") return `under ${String(value)} ms`;
  if (kind === "schema") {
    return value === "declared" ? "matches the declared schema" : `matches the schema ${String(value)}`;
  }
  return `${target} ${operator} ${formatValue(expectation)}`;
}

/** Describe what the response has instead: `got 404`. */
export const describeActual = ({ actual, problem }: ExpectationResult): string =>
  [actual && `got ${actual}`, problem].filter(Boolean).join(": ");

/** The state after a delta. */
export function applySavedTestsDelta(state: SavedTestsState, delta: SavedTestsDelta): SavedTestsState {
  const { set, order, problem, file, folder } = delta;
  const byName = new Map([...state.tests, ...set].map((test) => [test.name, test]));
  return { file, folder, problem, tests: order.flatMap((name) => byName.get(name) ?? []) };
}

/** Count the outcomes: `1 passed, 2 failed`; "" if no test has run. */
export function describeOutcomes(tests: SavedTest[]): string {
  const counts = (["passed", "failed", "not run"] as const).flatMap((outcome) => {
    const count = tests.filter(({ result }) => result?.outcome === outcome).length;
    return count ? [`${count} ${outcome}`] : [];
  });
  return counts.join(", ");
}
