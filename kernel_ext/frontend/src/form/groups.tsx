/** Fields that hold fields: objects, objects with free names, lists of what is no short value, unions. */
import { useState } from "preact/hooks";
import { seed, setAt, switchVariant } from "../draft";
import { type Value, isObject, pointer } from "../json";
import { Icon } from "../parts/icon";
import { Segments } from "../parts/segments";
import { type Spec, describe, variantName, variantOf } from "../schema";
import { plural, visible } from "../words";
import { type FieldProps, useForm } from "./context";
import { Field, GroupField } from "./field";

type GroupProps = FieldProps & { spec: Spec };

const MAX_SHOWN = 100;

/** Null or not, for what has no text field of its own. */
function NullSwitch({ label, value, onChange, schema, type }: FieldProps & { type: string }) {
  const { components } = useForm();
  return (
    <Segments
      name={`${label} or null`}
      choices={[
        { value: "value", label: visible(type) },
        { value: "null", label: "null" },
      ]}
      value={value === undefined ? undefined : value === null ? "null" : "value"}
      onChoose={(choice) => onChange(choice === "null" ? null : seed(schema, components))}
    />
  );
}

const nullSwitch = (field: GroupProps) =>
  field.spec.isNullable ? <NullSwitch {...field} type={field.spec.type} /> : null;

/** What is not an object where one is due is left to the JSON editor. */
const NotShown = ({ value, due }: { value: Value; due: string }) =>
  value === null ? null : <p class="rb-field__rule">Here stands no {due}; the JSON shows what does.</p>;

export function ObjectGroup(field: GroupProps) {
  const { spec, value } = field;
  return (
    <GroupField field={field} spec={spec} head={nullSwitch(field)}>
      {value !== undefined && (isObject(value) ? <ObjectFields {...field} /> : <NotShown value={value} due="object" />)}
    </GroupField>
  );
}

/** The fields of an object, without the object's own row; `hidden` names the one that a union's chooser sets. */
export function ObjectFields({
  spec,
  fieldKey,
  value,
  onChange,
  hidden,
}: Pick<GroupProps, "spec" | "fieldKey" | "value" | "onChange"> & { hidden?: string }) {
  const object = isObject(value) ? value : {};
  return (
    <>
      {spec.properties
        .filter(({ name }) => name !== hidden)
        .map(({ name, schema, isRequired }) => (
          <Field
            key={name}
            label={name}
            fieldKey={pointer(fieldKey, name)}
            schema={schema}
            isRequired={isRequired}
            value={Object.hasOwn(object, name) ? object[name] : undefined}
            onChange={(next) => onChange(setAt(object, [name], next))}
          />
        ))}
    </>
  );
}

export function MapGroup(field: GroupProps) {
  const { spec, fieldKey, value, onChange } = field;
  const { components } = useForm();
  const [name, setName] = useState("");
  const add = (): void => {
    if (!name) return;
    onChange(setAt(value, [name], seed(spec.values, components)));
    setName("");
  };
  return (
    <GroupField field={field} spec={spec} head={nullSwitch(field)}>
      {isObject(value) && (
        <>
          {Object.entries(value)
            .slice(0, MAX_SHOWN)
            .map(([key, item]) => (
              <Field
                key={key}
                label={key}
                fieldKey={pointer(fieldKey, key)}
                schema={spec.values}
                isRequired
                value={item}
                onChange={(next) => onChange(setAt(value, [key], next ?? ""))}
                onRemove={() => onChange(setAt(value, [key], undefined))}
              />
            ))}
          <More total={Object.keys(value).length} />
          <div class="rb-field">
            <span />
            <span class="rb-line rb-field__wide">
              <input
                class="rb-input rb-input--name"
                aria-label={`Name of the new entry of ${field.label}`}
                placeholder="name"
                value={name}
                onInput={({ currentTarget }) => setName(currentTarget.value)}
                onKeyDown={(event) => event.key === "Enter" && !event.ctrlKey && add()}
              />
              <button class="rb-btn rb-btn--quiet" type="button" onClick={add} disabled={!name}>
                <Icon name="plus" />
                Add
              </button>
            </span>
          </div>
        </>
      )}
    </GroupField>
  );
}

export function ListGroup(field: GroupProps) {
  const { spec, fieldKey, value, onChange, label } = field;
  const { components } = useForm();
  return (
    <GroupField field={field} spec={spec} head={nullSwitch(field)}>
      {Array.isArray(value) ? (
        <>
          {value.slice(0, MAX_SHOWN).map((item, index) => (
            <Field
              key={index}
              label={`[${index}]`}
              fieldKey={pointer(fieldKey, index)}
              schema={spec.item(index)}
              isRequired
              value={item}
              onChange={(next) => onChange(value.map((old, at) => (at === index ? (next ?? "") : old)))}
              onRemove={() => onChange(value.filter((_, at) => at !== index))}
            />
          ))}
          <More total={value.length} />
          <div class="rb-field">
            <span />
            <span class="rb-field__wide">
              <button
                class="rb-btn rb-btn--quiet"
                type="button"
                aria-label={`Add an item to ${label}`}
                onClick={() => onChange([...value, seed(spec.item(value.length), components)])}
              >
                <Icon name="plus" />
                Add
              </button>
            </span>
          </div>
        </>
      ) : (
        value !== undefined && <NotShown value={value} due="list" />
      )}
    </GroupField>
  );
}

const More = ({ total }: { total: number }) =>
  total > MAX_SHOWN ? <p class="rb-field__rule">{plural(total - MAX_SHOWN, "more item")}; the JSON has all.</p> : null;

export function UnionGroup(field: GroupProps) {
  const { spec, fieldKey, value, onChange, label } = field;
  const { components, choices, choose } = useForm();
  const inferred = variantOf(value, spec, components);
  const index = choices[fieldKey] ?? (inferred === -1 ? 0 : inferred);
  const variant = spec.variants[index];
  const pick = (next: number): void => {
    if (next === -1) return onChange(null);
    choose(fieldKey, next);
    onChange(switchVariant(value, spec, next, components));
  };
  const segments = spec.variants.map((one, at) => ({ value: at, label: visible(variantName(one, components)) }));
  if (spec.isNullable) segments.push({ value: -1, label: "null" });
  const chosen = value === undefined ? undefined : value === null ? -1 : index;
  const head = <Segments name={`${label} is one of`} choices={segments} value={chosen} onChoose={pick} />;
  const words = {
    ...spec,
    type: spec.discriminator ? `told by ${spec.discriminator}` : "one of these",
    isNullable: false,
  };
  const edit = (next: Value | undefined): void => {
    if (choices[fieldKey] === undefined) choose(fieldKey, index); // what is typed next must not change the variant
    onChange(next);
  };
  const isShown = variant !== undefined && value !== undefined && value !== null;
  const inner = isShown ? describe(variant, components) : undefined;
  const fields =
    isShown &&
    (inner?.kind === "object" ? (
      <ObjectFields spec={inner} fieldKey={fieldKey} value={value} onChange={edit} hidden={spec.discriminator} />
    ) : (
      <Field {...field} schema={variant} onChange={edit} label="value" isRequired onRemove={undefined} />
    ));
  return (
    <GroupField field={field} spec={words} head={head} isOwner={!inner || inner.kind === "object"}>
      {fields}
    </GroupField>
  );
}
