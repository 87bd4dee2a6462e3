/** The controls for single values. Each shows a JSON value and gives one back; none refuses what a person types. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Value, isSame, numberFrom, parse, print } from "../json";
import { Icon } from "../parts/icon";
import { Segments } from "../parts/segments";
import { asText } from "../request";
import type { Spec } from "../schema";
import { shorten } from "../words";

export interface ControlProps {
  id: string;
  name: string;
  spec: Spec;
  value: Value | undefined;
  onChange: (value: Value | undefined) => void;
  describedBy: string;
  isRefused: boolean;
  isRequired: boolean;
}

/** The value that a text spells in a field of this kind; text that spells none is sent as text. */
export function readText(text: string, kind: Spec["kind"]): Value | undefined {
  if (kind === "text") return text;
  if (text === "") return undefined;
  if (kind === "any") {
    const parsed = parse(text);
    return parsed.ok ? parsed.value : text;
  }
  return numberFrom(text) ?? text;
}

function writeText(value: Value | undefined, kind: Spec["kind"]): string {
  if (value === undefined || (value === null && kind !== "any")) return "";
  return kind === "any" && typeof value !== "string" ? print(value) : asText(value);
}

function placeholder(value: Value | undefined, { fallback }: Spec): string {
  if (value === null) return "null";
  if (value === "") return "empty text";
  return fallback === undefined || fallback === null
    ? "not sent"
    : `not sent: ${shorten(print(fallback as Value, 0), 24)}`;
}

type PickerType = "date" | "datetime-local" | "time";

const PICKERS: { [format: string]: PickerType } = { date: "date", "date-time": "datetime-local", time: "time" };

/** A native picker behind a button: it writes into the text field, which takes anything. */
function Picker({ type, name, onPick }: { type: PickerType; name: string; onPick: (text: string) => void }) {
  const native = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={native}
        class="rb-picker"
        type={type}
        tabIndex={-1}
        aria-hidden="true"
        onChange={({ currentTarget }) => onPick(currentTarget.value)}
      />
      <button
        class="rb-btn rb-btn--icon"
        type="button"
        aria-label={`Choose a ${type === "time" ? "time" : "date"} for ${name}`}
        onClick={() => native.current?.showPicker()}
      >
        <Icon name={type === "time" ? "clock" : "calendar"} />
      </button>
    </>
  );
}

export function TextControl({ id, name, spec, value, onChange, describedBy, isRefused, isRequired }: ControlProps) {
  const [typed, setTyped] = useState<string | null>(null);
  // What was typed is shown as long as it spells the value: "9." must not become "9" under the cursor.
  const shown = typed !== null && isSame(readText(typed, spec.kind), value) ? typed : writeText(value, spec.kind);
  const write = (text: string): void => {
    setTyped(text);
    onChange(readText(text, spec.kind));
  };
  const picker = PICKERS[spec.format];
  const shared = {
    id,
    value: shown,
    placeholder: placeholder(value, spec),
    required: isRequired,
    "aria-describedby": describedBy,
    "aria-invalid": isRefused || undefined,
    spellcheck: false,
    autocomplete: "off" as const,
  };
  if (spec.kind === "any" || shown.includes("\n")) {
    const rows = Math.min(8, shown.split("\n").length);
    return (
      <textarea
        class="rb-input rb-input--lines"
        rows={rows}
        {...shared}
        onInput={({ currentTarget }) => write(currentTarget.value)}
      />
    );
  }
  const inputMode = spec.kind === "integer" ? "numeric" : spec.kind === "number" ? "decimal" : "text";
  const type = spec.format === "password" ? { type: "password" as const } : { type: "text" as const, inputMode };
  const input = (
    <input class="rb-input" {...shared} {...type} onInput={({ currentTarget }) => write(currentTarget.value)} />
  );
  if (!picker && !spec.isNullable) return input;
  return (
    <div class="rb-combo" style={{ "--end": `${(picker ? 28 : 0) + (spec.isNullable ? 38 : 0) + 4}px` }}>
      {input}
      <span class="rb-combo__end">
        {picker && <Picker type={picker} name={name} onPick={write} />}
        {spec.isNullable && <NullButton name={name} value={value} onChange={onChange} />}
      </span>
    </div>
  );
}

function NullButton({ name, value, onChange }: Pick<ControlProps, "name" | "value" | "onChange">) {
  return (
    <button
      class="rb-btn"
      type="button"
      aria-pressed={value === null}
      aria-label={`Send null for ${name}`}
      onClick={() => onChange(value === null ? undefined : null)}
    >
      null
    </button>
  );
}

const MAX_SEGMENTS = 4;
const MAX_SEGMENT_LETTERS = 36;
const OTHER = "something else…";

/** True or false, an enum, a constant: one of the known values, or anything else that a person wants to try. */
export function ChoiceControl(props: ControlProps) {
  const { id, name, spec, value, onChange, describedBy, isRefused } = props;
  const [isOther, setOther] = useState(false);
  const known: Value[] = spec.kind === "boolean" ? [true, false] : (spec.options as Value[]);
  const options = spec.isNullable ? [...known, null] : known;
  const chosen = options.find((option) => isSame(option, value));
  const isUnknown = value !== undefined && chosen === undefined;
  const labels = options.map((option) => (typeof option === "string" ? option : print(option, 0)));
  const isShort = options.length <= MAX_SEGMENTS && labels.join("").length <= MAX_SEGMENT_LETTERS;
  const pickOther = (): void => {
    setOther(true);
    onChange(undefined);
  };
  if (isOther || isUnknown) {
    return (
      <div class="rb-line">
        <TextControl {...props} spec={{ ...spec, kind: "number", isNullable: false }} />
        <button
          class="rb-btn rb-btn--quiet rb-btn--small"
          type="button"
          onClick={() => {
            setOther(false);
            onChange(undefined);
          }}
        >
          Choose from the list
        </button>
      </div>
    );
  }
  if (isShort) {
    const segments = options.map((option, index) => ({
      value: option as Value | typeof OTHER,
      label: labels[index] || '""',
    }));
    return (
      <span class="rb-line" id={id}>
        <Segments
          name={name}
          choices={segments}
          value={chosen}
          onChoose={(option) => onChange(option)}
          describedBy={describedBy}
        />
        <button
          class="rb-btn rb-btn--icon rb-btn--small"
          type="button"
          aria-label={`Send something else for ${name}`}
          title="Send something else"
          onClick={pickOther}
        >
          …
        </button>
      </span>
    );
  }
  const index = chosen === undefined ? "" : String(options.indexOf(chosen));
  return (
    <select
      class="rb-select"
      id={id}
      value={index}
      aria-describedby={describedBy}
      aria-invalid={isRefused || undefined}
      onChange={({ currentTarget }) => {
        if (currentTarget.value === OTHER) pickOther();
        else onChange(currentTarget.value === "" ? undefined : options[Number(currentTarget.value)]);
      }}
    >
      <option value="">not sent</option>
      {labels.map((label, at) => (
        <option key={at} value={String(at)}>
          {label}
        </option>
      ))}
      <option value={OTHER}>{OTHER}</option>
    </select>
  );
}

/** One file, or several where the field is a list; what was chosen stands there again when the form comes back. */
export function FileControl({
  id,
  value,
  onChange,
  describedBy,
  isRefused,
  isSeveral,
}: ControlProps & { isSeveral: boolean }) {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const chosen = [value].flat().filter((one) => one instanceof File);
    const shown = [...(ref.current?.files ?? [])];
    if (!ref.current || (chosen.length === shown.length && chosen.every((file, index) => file === shown[index]))) return;
    const transfer = new DataTransfer(); // the only way to give an input its files
    for (const file of chosen) transfer.items.add(file);
    ref.current.files = transfer.files;
  }, [value]);
  return (
    <input
      ref={ref}
      class="rb-file"
      id={id}
      type="file"
      multiple={isSeveral}
      aria-describedby={describedBy}
      aria-invalid={isRefused || undefined}
      title={value === undefined ? "not sent" : undefined}
      onChange={({ currentTarget }) => {
        const files = [...(currentTarget.files ?? [])];
        onChange(isSeveral ? (files.length ? files : undefined) : files[0]);
      }}
    />
  );
}
