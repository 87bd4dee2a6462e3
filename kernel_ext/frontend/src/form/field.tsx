/** One field of a form, of any kind: its name, its control, its rule, and why it was refused. */
import type { ComponentChildren } from "preact";
import { seed } from "../draft";
import { type Value, isObject, print } from "../json";
import { Icon } from "../parts/icon";
import { type Spec, describe } from "../schema";
import { shorten, visible } from "../words";
import { ListGroup, MapGroup, ObjectGroup, UnionGroup } from "./groups";
import { Chips, isChipped } from "./chips";
import { ChoiceControl, type ControlProps, FileControl, TextControl } from "./controls";
import { type FieldProps, type Form, useForm } from "./context";

const fallbackWords = (value: Value): string =>
  (Array.isArray(value) || isObject(value)) && !Object.keys(value).length
    ? "empty"
    : typeof value === "string" && value
      ? shorten(value, 40)
      : shorten(print(value, 0), 40);

/** The rule of a field in words: "query, whole number, at least 1, default 10". */
export function ruleWords(spec: Spec, place = ""): string {
  const type = spec.isNullable && spec.kind !== "null" ? `${spec.type} or null` : spec.type;
  const isSaid = spec.kind === "choice" && !spec.name && spec.options.length > 1;
  const fallback = spec.fallback === undefined ? "" : `default ${fallbackWords(spec.fallback as Value)}`;
  return [
    place,
    isSaid || spec.kind === "boolean" ? (spec.isNullable ? "or null" : "") : type,
    ...spec.rules,
    fallback,
    spec.isDeprecated ? "deprecated" : "",
  ]
    .filter(Boolean)
    .join(", ");
}

function Rule({ id, spec, place }: { id: string; spec: Spec; place: string | undefined }) {
  return (
    <p class="rb-field__rule" id={id}>
      {visible(ruleWords(spec, place))}
      {spec.pattern && (
        <>
          , like <code>{visible(shorten(spec.pattern, 60))}</code>
        </>
      )}
      {spec.description && (
        <span class="rb-field__about" title={visible(spec.description)}>
          {visible(shorten(spec.description, 120))}
        </span>
      )}
    </p>
  );
}

/** Why a value was refused: the number that ties it to the list, the rule, what was sent, what would pass. */
function Refusals({ form, fieldKey }: { form: Form; fieldKey: string }) {
  return (
    <>
      {(form.issues.get(fieldKey) ?? []).map(({ number, issue }) => (
        <div class="rb-refusal" id={`${form.idOf(fieldKey)}-e${number}`} key={number}>
          <button
            class="rb-n"
            type="button"
            aria-label={`Error ${number} in the list`}
            onClick={() => form.showIssue(number)}
          >
            {number}
          </button>
          <p>
            <strong>{visible(issue.rule)}</strong>
          </p>
          <dl class="rb-facts">
            <dt>sent</dt>
            <dd>{issue.is_missing ? "nothing" : <SentValue value={issue.sent as Value} />}</dd>
            {issue.passes !== null && (
              <>
                <dt>passes</dt>
                <dd>
                  <code>{visible(issue.passes)}</code>
                </dd>
              </>
            )}
          </dl>
        </div>
      ))}
    </>
  );
}

const KIND_WORDS: { [type: string]: string } = { string: "a text", number: "a number", boolean: "true or false" };

const SentValue = ({ value }: { value: Value }) => (
  <>
    <code>{visible(shorten(print(value, 0), 200))}</code>
    {KIND_WORDS[typeof value]
      ? `, ${KIND_WORDS[typeof value]}`
      : Array.isArray(value)
        ? ", a list"
        : isObject(value)
          ? ", an object"
          : ""}
  </>
);

/** The name's cell: a star where the field is required, else the box that says whether it is sent. */
export function Name({ field, children }: { field: FieldProps; children: ComponentChildren }) {
  const { components } = useForm();
  const { label, isRequired, value, onChange, schema } = field;
  return (
    <div class="rb-field__name">
      {isRequired ? (
        <abbr class="rb-field__slot rb-req" title="required">
          *
        </abbr>
      ) : (
        <span class="rb-field__slot">
          <input
            type="checkbox"
            aria-label={`Send ${label}`}
            checked={value !== undefined}
            onChange={({ currentTarget }) => onChange(currentTarget.checked ? seed(schema, components) : undefined)}
          />
        </span>
      )}
      {children}
    </div>
  );
}

export const RemoveButton = ({ label, onRemove }: { label: string; onRemove: (() => void) | undefined }) =>
  onRemove ? (
    <button
      class="rb-btn rb-btn--icon rb-btn--small"
      type="button"
      aria-label={`Remove ${label}`}
      title={`Remove ${label}`}
      onClick={onRemove}
    >
      <Icon name="x" />
    </button>
  ) : null;

const WIDE: Spec["kind"][] = ["boolean", "choice"];

function control(spec: Spec, props: ControlProps) {
  if (spec.kind === "boolean" || spec.kind === "choice") return <ChoiceControl {...props} />;
  if (spec.kind === "file") return <FileControl {...props} isSeveral={false} />;
  if (spec.kind === "list") return <FileControl {...props} isSeveral />;
  return <TextControl {...props} />;
}

function ScalarField(field: FieldProps & { spec: Spec }) {
  const form = useForm();
  const { spec, label, fieldKey, value, onChange, isRequired, place, onRemove } = field;
  const id = form.idOf(fieldKey);
  const issues = form.issues.get(fieldKey) ?? [];
  const describedBy = [`${id}-rule`, ...issues.map(({ number }) => `${id}-e${number}`)].join(" ");
  const isWide = WIDE.includes(spec.kind);
  const rule = <Rule id={`${id}-rule`} spec={spec} place={place} />;
  const shown = control(spec, {
    id,
    name: label,
    spec,
    value,
    onChange,
    describedBy,
    isRefused: issues.length > 0,
    isRequired,
  });
  return (
    <div
      class={`rb-field${value === undefined ? " is-out" : ""}${issues.length ? " is-refused" : ""}`}
      data-field={fieldKey}
    >
      <Name field={field}>{isWide ? <span>{visible(label)}</span> : <label for={id}>{visible(label)}</label>}</Name>
      {isWide ? (
        <div class="rb-field__wide rb-line">
          {shown}
          {rule}
          <RemoveButton label={label} onRemove={onRemove} />
        </div>
      ) : (
        shown
      )}
      {!isWide &&
        (onRemove ? (
          <div class="rb-line">
            {rule}
            <RemoveButton label={label} onRemove={onRemove} />
          </div>
        ) : (
          rule
        ))}
      <Refusals form={form} fieldKey={fieldKey} />
    </div>
  );
}

/** A field that holds fields: its name and rule in a row, the rest set in below it. */
export function GroupField({
  field,
  spec,
  head,
  children,
  isOwner = true,
}: {
  field: FieldProps;
  spec: Spec;
  head?: ComponentChildren;
  children?: ComponentChildren;
  /** False where a field inside has the same key, and so shows its refusals. */
  isOwner?: boolean;
}) {
  const form = useForm();
  const { label, fieldKey, value, place, onRemove } = field;
  const id = form.idOf(fieldKey);
  const ruleId = `${id}-group-rule`;
  const isRefused = form.issues.has(fieldKey);
  const owned = isOwner ? { "data-field": fieldKey, id, tabIndex: -1 } : {};
  return (
    <div class="rb-group" role="group" aria-label={visible(label)} aria-describedby={ruleId}>
      <div class={`rb-field${value === undefined ? " is-out" : ""}${isRefused ? " is-refused" : ""}`} {...owned}>
        <Name field={field}>
          <span>{visible(label)}</span>
        </Name>
        <div class="rb-field__wide rb-line">
          {head}
          <Rule id={ruleId} spec={spec} place={place} />
          {value === undefined && <AddButton field={field} />}
          <RemoveButton label={label} onRemove={onRemove} />
        </div>
        {isOwner && <Refusals form={form} fieldKey={fieldKey} />}
      </div>
      {children && <div class="rb-group__in">{children}</div>}
    </div>
  );
}

/** For a required object or list that is not there, and has no box to tick. */
function AddButton({ field: { label, isRequired, schema, onChange } }: { field: FieldProps }) {
  const { components } = useForm();
  if (!isRequired) return null;
  return (
    <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={() => onChange(seed(schema, components))}>
      <Icon name="plus" />
      Send {visible(label)}
    </button>
  );
}

/** A field of whatever kind its schema says. */
export function Field(field: FieldProps) {
  const { components } = useForm();
  const described = describe(field.schema, components);
  // Outside of JSON there is no null: such a parameter is simply not sent.
  const spec = field.place ? { ...described, isNullable: false } : described;
  switch (spec.kind) {
    case "object":
      return <ObjectGroup {...field} spec={spec} />;
    case "map":
      return <MapGroup {...field} spec={spec} />;
    case "union":
      return <UnionGroup {...field} spec={spec} />;
    case "list":
      if (describe(spec.item(0), components).kind === "file") return <ScalarField {...field} spec={spec} />;
      return isChipped(spec, components) ? <Chips {...field} spec={spec} /> : <ListGroup {...field} spec={spec} />;
    default:
      return <ScalarField {...field} spec={spec} />;
  }
}

/** The refusals of a field that draws its row itself. */
export const FieldRefusals = ({ fieldKey }: { fieldKey: string }) => <Refusals form={useForm()} fieldKey={fieldKey} />;
export const FieldRule = Rule;
