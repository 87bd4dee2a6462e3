/** A list of short values in one row: texts and numbers. */
import { useRef } from "preact/hooks";
import { type Value, pointer } from "../json";
import { Icon } from "../parts/icon";
import { asText } from "../request";
import { type Components, type Spec, describe } from "../schema";
import { visible } from "../words";
import { type FieldProps, useForm } from "./context";
import { readText } from "./controls";
import { FieldRefusals, FieldRule, Name } from "./field";

const MAX_SHOWN = 100;

/** Whether a list's items are short enough for one row. */
export function isChipped(spec: Spec, components: Components): boolean {
  const item = describe(spec.item(0), components);
  return ["text", "number", "integer"].includes(item.kind) && !item.isNullable && !item.format;
}

export function Chips(field: FieldProps & { spec: Spec }) {
  const { spec, label, fieldKey, value, onChange, place } = field;
  const form = useForm();
  const row = useRef<HTMLDivElement>(null);
  const items = Array.isArray(value) ? value : [];
  const kind = describe(spec.item(0), form.components).kind;
  const id = form.idOf(fieldKey);
  const keys = items.map((_, index) => pointer(fieldKey, index));
  const isRefused = [fieldKey, ...keys].some((key) => form.issues.has(key));
  const set = (index: number, item: Value): void => onChange(items.map((old, at) => (at === index ? item : old)));
  const add = (): void => {
    onChange([...items, ""]);
    requestAnimationFrame(() => [...(row.current?.querySelectorAll("input") ?? [])].at(-1)?.focus());
  };
  return (
    <div
      class={`rb-field${value === undefined ? " is-out" : ""}${isRefused ? " is-refused" : ""}`}
      role="group"
      aria-label={visible(label)}
      aria-describedby={`${id}-rule`}
      data-field={fieldKey}
      id={id}
      tabIndex={-1}
    >
      <Name field={field}>
        <span>{visible(label)}</span>
      </Name>
      <div class="rb-chips rb-field__wide" ref={row}>
        {items.slice(0, MAX_SHOWN).map((item, index) => {
          const issues = form.issues.get(keys[index] ?? "") ?? [];
          const itemId = form.idOf(keys[index] ?? "");
          return (
            <span class={`rb-chip${issues.length ? " is-refused" : ""}`} key={index} data-field={keys[index]}>
              <input
                id={itemId}
                value={asText(item)}
                size={Math.min(40, Math.max(4, asText(item).length + 1))}
                aria-label={`${label}, item ${index}`}
                aria-invalid={issues.length > 0 || undefined}
                aria-describedby={issues.map(({ number }) => `${itemId}-e${number}`).join(" ") || undefined}
                onInput={({ currentTarget }) => set(index, readText(currentTarget.value, kind) ?? "")}
                onKeyDown={(event) => {
                  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) add();
                }}
              />
              <button
                class="rb-btn rb-btn--icon"
                type="button"
                aria-label={`Remove item ${index} of ${label}`}
                onClick={() => onChange(items.filter((_, at) => at !== index))}
              >
                <Icon name="x" />
              </button>
            </span>
          );
        })}
        {items.length > MAX_SHOWN && <span class="rb-small rb-2">and {items.length - MAX_SHOWN} more in the JSON</span>}
        <button class="rb-btn rb-btn--quiet" type="button" aria-label={`Add an item to ${label}`} onClick={add}>
          <Icon name="plus" />
          Add
        </button>
        {spec.isNullable && (
          <button
            class="rb-btn rb-btn--quiet rb-btn--small"
            type="button"
            aria-pressed={value === null}
            onClick={() => onChange(value === null ? undefined : null)}
          >
            null
          </button>
        )}
        <FieldRule id={`${id}-rule`} spec={spec} place={place} />
      </div>
      <FieldRefusals fieldKey={fieldKey} />
      {keys.map((key) => (
        <FieldRefusals key={key} fieldKey={key} />
      ))}
    </div>
  );
}
