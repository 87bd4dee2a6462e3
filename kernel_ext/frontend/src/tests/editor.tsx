/** The list of what is expected: chosen or not, compared how, with what, and whether it holds of what came. */
import { useId } from "preact/hooks";
import { Icon } from "../parts/icon";
import type { Expectation, Verdict } from "../protocol";
import { shorten, visible } from "../words";
import { HOWS, HOW_WORDS, type Row, changed, placeOf, rowOf, verdictWords } from "./expect";

const BLANK: { [kind in Expectation["kind"]]: Expectation } = {
  status: { kind: "status", at: "", how: "equals", value: 200 },
  header: { kind: "header", at: "content-type", how: "contains", value: "json" },
  json: { kind: "json", at: "$", how: "contains", value: "" },
  time: { kind: "time", at: "", how: "under", value: 100 },
  schema: { kind: "schema", at: "", how: "fits", value: "declared" },
};

const ADD_WORDS: { [kind in Expectation["kind"]]: string } = {
  status: "the status",
  header: "a header",
  json: "a JSON path",
  time: "the time",
  schema: "a schema",
};

function Holds({ verdict, isChosen }: { verdict: Verdict | undefined; isChosen: boolean }) {
  if (!verdict) return <span />;
  if (verdict.holds) {
    return (
      <span class="rb-expect__ok rb-small">
        <Icon name="check" />
        holds
      </span>
    );
  }
  return (
    <span class={`rb-small ${isChosen ? "rb-bad" : "rb-2"}`}>
      <Icon name="x" />
      {visible(shorten(verdictWords(verdict), 200))}
    </span>
  );
}

function RowView({
  row,
  verdict,
  onChange,
  onRemove,
}: {
  row: Row;
  verdict: Verdict | undefined;
  onChange: (row: Row) => void;
  onRemove: () => void;
}) {
  const id = useId();
  const { expectation, isChosen, text } = row;
  const { kind, at, how } = expectation;
  const place = visible(placeOf(expectation));
  const hasPlace = kind === "json" || kind === "header";
  return (
    <li class={isChosen ? "rb-expect__on" : undefined}>
      <input
        type="checkbox"
        id={id}
        checked={isChosen}
        aria-label={`Expect ${place}`}
        onChange={({ currentTarget }) => onChange({ ...row, isChosen: currentTarget.checked })}
      />
      {hasPlace ? (
        <input
          class="rb-input rb-expect__at"
          aria-label={kind === "json" ? "JSON path" : "Header"}
          value={at}
          spellcheck={false}
          onInput={({ currentTarget }) => onChange(changed(row, { at: currentTarget.value }))}
        />
      ) : (
        <label class="rb-expect__at" for={id}>
          {place}
        </label>
      )}
      <select
        class="rb-select"
        aria-label={`${place}: how`}
        value={how}
        onChange={({ currentTarget }) => onChange(changed(row, { how: currentTarget.value as Expectation["how"] }))}
      >
        {HOWS[kind].map((one) => (
          <option key={one} value={one}>
            {HOW_WORDS[one]}
          </option>
        ))}
      </select>
      <input
        class="rb-input"
        aria-label={`${place}: value`}
        value={text}
        spellcheck={false}
        onInput={({ currentTarget }) => onChange(changed(row, { text: currentTarget.value }))}
      />
      <Holds verdict={verdict} isChosen={isChosen} />
      <button
        class="rb-btn rb-btn--quiet rb-btn--icon rb-btn--small"
        type="button"
        aria-label={`Remove ${place}`}
        title="Remove"
        onClick={onRemove}
      >
        <Icon name="x" />
      </button>
    </li>
  );
}

export function Editor({
  rows,
  verdicts,
  onChange,
}: {
  rows: Row[];
  /** One for each row, or none yet. */
  verdicts: Verdict[];
  onChange: (rows: Row[]) => void;
}) {
  return (
    <fieldset>
      <legend class="rb-keep__l">Expects</legend>
      <ul class="rb-expect">
        {rows.map((row, index) => (
          <RowView
            key={index}
            row={row}
            verdict={verdicts[index]}
            onChange={(next) => onChange(rows.map((one, at) => (at === index ? next : one)))}
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
          if (kind) onChange([...rows, rowOf(BLANK[kind])]);
        }}
      >
        <option value="">Add an expectation</option>
        {Object.entries(ADD_WORDS).map(([kind, words]) => (
          <option key={kind} value={kind}>
            {words}
          </option>
        ))}
      </select>
    </fieldset>
  );
}

/** The values that stand in no file, asked for. */
export function Fill({
  names,
  held,
  values,
  onChange,
}: {
  names: string[];
  /** Of these, who is signed in and stands for them. */
  held: { [name: string]: string };
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
              placeholder={held[name] ? "as signed in" : "or a variable of this name in a cell"}
              value={values[name] ?? ""}
              onInput={({ currentTarget }) => onChange({ ...values, [name]: currentTarget.value })}
            />
            <span class="rb-small rb-2">
              kept nowhere{held[name] && `; left empty: signed in with ${visible(held[name])}`}
            </span>
          </div>
        </div>
      ))}
    </div>
  );
}
