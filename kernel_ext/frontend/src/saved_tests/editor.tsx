/** The editor of expectations: which are chosen, their operators and values, and whether the response meets them. */
import { useId } from "preact/hooks";
import { Icon } from "../parts/icon";
import type { Expectation, ExpectationResult } from "../protocol";
import { shorten, visible } from "../words";
import {
  type ExpectationRow,
  OPERATORS,
  OPERATOR_LABELS,
  buildRow,
  changeRow,
  describeActual,
  targetLabel,
} from "./expectations";

const DEFAULTS: { [kind in Expectation["kind"]]: Expectation } = {
  status: { kind: "status", target: "", operator: "equals", value: 200 },
  header: { kind: "header", target: "content-type", operator: "contains", value: "json" },
  json: { kind: "json", target: "$", operator: "contains", value: "" },
  time: { kind: "time", target: "", operator: "under", value: 100 },
  schema: { kind: "schema", target: "", operator: "matches", value: "declared" },
};

const KIND_LABELS: { [kind in Expectation["kind"]]: string } = {
  status: "the status",
  header: "a header",
  json: "a JSON path",
  time: "the time",
  schema: "a schema",
};

function Result({ result, isChosen }: { result: ExpectationResult | undefined; isChosen: boolean }) {
  if (!result) return <span />;
  if (result.is_met) {
    return (
      <span class="rb-expect__met rb-small">
        <Icon name="check" />
        Met
      </span>
    );
  }
  return (
    <span class={`rb-small ${isChosen ? "rb-bad" : "rb-2"}`}>
      <Icon name="x" />
      {visible(shorten(describeActual(result), 200))}
    </span>
  );
}

function RowView({
  row,
  result,
  onChange,
  onRemove,
}: {
  row: ExpectationRow;
  result: ExpectationResult | undefined;
  onChange: (row: ExpectationRow) => void;
  onRemove: () => void;
}) {
  const id = useId();
  const { expectation, isChosen, text } = row;
  const { kind, target, operator } = expectation;
  const label = visible(targetLabel(expectation));
  const hasTarget = kind === "json" || kind === "header";
  return (
    <li class={isChosen ? "rb-expect__chosen" : undefined}>
      <input
        type="checkbox"
        id={id}
        checked={isChosen}
        aria-label={`Expect ${label}`}
        onChange={({ currentTarget }) => onChange({ ...row, isChosen: currentTarget.checked })}
      />
      {hasTarget ? (
        <input
          class="rb-input rb-expect__target"
          aria-label={kind === "json" ? "JSON path" : "Header"}
          value={target}
          spellcheck={false}
          onInput={({ currentTarget }) => onChange(changeRow(row, { target: currentTarget.value }))}
        />
      ) : (
        <label class="rb-expect__target" for={id}>
          {label}
        </label>
      )}
      <select
        class="rb-select"
        aria-label={`${label}: operator`}
        value={operator}
        onChange={({ currentTarget }) => 
          onChange(changeRow(row, { operator: currentTarget.value as Expectation["operator"] }))
        }
      >
        {OPERATORS[kind].map((option) => (
          <option key={option} value={option}>
            {OPERATOR_LABELS[option]}
          </option>
        ))}
      </select>
      <input
        class="rb-input"
        aria-label={`${label}: value`}
        value={text}
        spellcheck={false}
        onInput={({ currentTarget }) => onChange(changeRow(row, { text: currentTarget.value }))}
      />
      <Result result={result} isChosen={isChosen} />
      <button
        class="rb-btn rb-btn--quiet rb-btn--icon rb-btn--small"
        type="button"
        aria-label={`Remove ${label}`}
        title="Remove"
        onClick={onRemove}
      >
        <Icon name="x" />
      </button>
    </li>
  );
}

export function ExpectationEditor({
  rows,
  results,
  onChange,
}: {
  rows: ExpectationRow[];
  /** One for each row, or none yet. */
  results: ExpectationResult[];
  onChange: (rows: ExpectationRow[]) => void;
}) {
  return (
    <fieldset>
      <legend class="rb-save__legend">Expected</legend>
      <ul class="rb-expect">
        {rows.map((row, index) => (
          <RowView
            key={index}
            row={row}
            result={results[index]}
            onChange={(next) => onChange(rows.map((other, at) => (at === index ? next : other)))}
            onRemove={() => onChange(rows.filter((_, at) => at !== index))}
          />
        ))}
      </ul>
      <select
        class="rb-select rb-expect__add"
        aria-label="Add an expectation"
        value=""
        onChange={({ currentTarget }) => {
          const kind = currentTarget.value as Expectation["kind"];
          currentTarget.value = "";
          if (kind) onChange([...rows, buildRow(DEFAULTS[kind])]);
        }}
      >
        <option value="">Add an expectation</option>
        {Object.entries(KIND_LABELS).map(([kind, label]) => (
          <option key={kind} value={kind}>
            {label}
          </option>
        ))}
      </select>
    </fieldset>
  );
}

/** A form for the values of variables, which are never saved. */
export function VariablesForm({
  names,
  signedIn,
  values,
  onChange,
}: {
  names: string[];
  /** Of these, the sign-ins that provide a value. */
  signedIn: { [name: string]: string };
  values: { [name: string]: string };
  onChange: (values: { [name: string]: string }) => void;
}) {
  const uid = useId();
  if (!names.length) return null;
  return (
    <div class="rb-form">
      {names.map((name) => (
        <div class="rb-field" key={name}>
          <div class="rb-field__name">
            <label for={`${uid}-${name}`}>{visible(name)}</label>
          </div>
          <div class="rb-field__wide rb-line">
            <input
              class="rb-input rb-log__secret"
              id={`${uid}-${name}`}
              type="password"
              autocomplete="off"
              placeholder={signedIn[name] ? "as signed in" : "or a variable with this name in a cell"}
              value={values[name] ?? ""}
              onInput={({ currentTarget }) => onChange({ ...values, [name]: currentTarget.value })}
            />
            <span class="rb-small rb-2">
              not saved{signedIn[name] && `. Empty: signed in with ${visible(signedIn[name])}`}
            </span>
          </div>
        </div>
      ))}
    </div>
  );
}
