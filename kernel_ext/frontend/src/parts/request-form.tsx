/** The request's form: parameters by place, further headers, and the body by its media type. */
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { type Draft, example, initial, parameterKey } from "../draft";
import { FormContext, type Form } from "../form/context";
import { Field, FieldRefusals } from "../form/field";
import { ObjectFields } from "../form/groups";
import { type NumberedIssue, bodyKey } from "../issues";
import { type Value } from "../json";
import { type Body, type Parameter, type Place, mayHaveBody } from "../operation";
import { describe } from "../schema";
import type { Console } from "../form-store";
import { visible } from "../words";
import { useFormStore } from "./context";
import { Icon } from "./icon";

const PLACE_WORDS: { [place in Place]: string } = {
  path: "path",
  query: "query",
  header: "headers",
  cookie: "cookies",
};

function partTitle(parameters: Parameter[]): string {
  const places = [...new Set(parameters.map(({ place }) => PLACE_WORDS[place]))];
  const words = places.length > 1 ? `${places.slice(0, -1).join(", ")} and ${places.at(-1)}` : (places[0] ?? "headers");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function HeaderRows({ id, headers }: { id: string; headers: Draft["headers"] }) {
  const store = useFormStore();
  const set = (index: number, at: 0 | 1, text: string): void =>
    store.edit(id, {
      headers: headers.map(([name, value], i) => (i === index ? (at ? [name, text] : [text, value]) : [name, value])),
    });
  return (
    <>
      {headers.map(([name, value], index) => (
        <div class="rb-field rb-field--own" key={index}>
          <input
            class="rb-input"
            aria-label={`Name of header ${index + 1}`}
            placeholder="name"
            value={name}
            onInput={({ currentTarget }) => set(index, 0, currentTarget.value)}
          />
          <input
            class="rb-input"
            aria-label={`Value of header ${index + 1}`}
            placeholder="value"
            value={value}
            onInput={({ currentTarget }) => set(index, 1, currentTarget.value)}
          />
          <button
            class="rb-btn rb-btn--icon rb-btn--small"
            type="button"
            aria-label={`Remove header ${index + 1}`}
            onClick={() => store.edit(id, { headers: headers.filter((_, i) => i !== index) })}
          >
            <Icon name="x" />
          </button>
        </div>
      ))}
    </>
  );
}

function Parameters({ from, draft }: { from: Console; draft: Draft }) {
  const store = useFormStore();
  const { operation, parameters, bodies } = from;
  const title = partTitle(parameters);
  const isEmpty = !parameters.length && !draft.headers.length;
  const set = (key: string, value: Value | undefined): void => {
    const { [key]: _former, ...others } = draft.parameters;
    store.edit(operation.id, { parameters: value === undefined ? others : { ...others, [key]: value } });
  };
  return (
    <fieldset>
      <legend class="rb-sr">{title}</legend>
      <div class={isEmpty ? "rb-line" : "rb-part"}>
        {isEmpty ? (
          <span class="rb-small rb-2">
            {bodies.length ? "No parameters." : "Nothing to fill in: send it as it is."}
          </span>
        ) : (
          <h4>{title}</h4>
        )}
        <span class="rb-push rb-line">
          {parameters.length > 0 && (
            <span class="rb-small rb-2">
              <abbr class="rb-req" title="required">
                *
              </abbr>{" "}
              required · ticked is sent
            </span>
          )}
          <button
            class="rb-btn rb-btn--quiet rb-btn--small"
            type="button"
            onClick={() => store.edit(operation.id, { headers: [...draft.headers, ["", ""]] })}
          >
            <Icon name="plus" />
            Header
          </button>
          {!bodies.length && mayHaveBody(operation) && (
            <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={() => store.addBody(from)}>
              <Icon name="plus" />
              Body
            </button>
          )}
        </span>
      </div>
      <div class="rb-form">
        {parameters.map((parameter) => {
          const key = parameterKey(parameter);
          return (
            <Field
              key={key}
              label={parameter.name}
              fieldKey={key}
              schema={parameter.schema}
              isRequired={parameter.isRequired}
              value={draft.parameters[key]}
              onChange={(value) => set(key, value ?? undefined)}
              place={parameter.place}
            />
          );
        })}
        <HeaderRows id={operation.id} headers={draft.headers} />
      </div>
    </fieldset>
  );
}

function BodyFields({ from: { operation, components }, body, draft }: { from: Console; body: Body; draft: Draft }) {
  const store = useFormStore();
  const set = (value: Value | undefined): void => store.edit(operation.id, { body: value, text: null });
  if (body.kind === "text") {
    return (
      <textarea
        class="rb-input rb-input--lines"
        rows={6}
        aria-label={`Body, ${body.mediaType}`}
        value={typeof draft.body === "string" ? draft.body : ""}
        onInput={({ currentTarget }) => set(currentTarget.value || undefined)}
      />
    );
  }
  const spec = describe(body.schema, components);
  if (spec.kind !== "object") {
    return (
      <Field
        label="body"
        fieldKey={bodyKey("")}
        schema={body.schema}
        isRequired={body.isRequired}
        value={draft.body}
        onChange={set}
      />
    );
  }
  return (
    <>
      <div class="rb-field" data-field={bodyKey("")} tabIndex={-1}>
        <FieldRefusals fieldKey={bodyKey("")} />
      </div>
      {draft.body !== undefined && (
        <ObjectFields spec={spec} fieldKey={bodyKey("")} value={draft.body} onChange={set} />
      )}
    </>
  );
}

function BodyPart({
  from,
  body,
  draft,
  toggle,
}: {
  from: Console;
  body: Body;
  draft: Draft;
  toggle: ComponentChildren;
}) {
  const store = useFormStore();
  const { operation, components, bodies } = from;
  const { id } = operation;
  const { name } = describe(body.schema, components);
  const isModel = name && !name.startsWith("Body_"); // such a name is made up for an operation's loose fields
  const isOptional = !body.isRequired;
  return (
    <fieldset class="rb-try__body">
      <legend class="rb-sr">Body</legend>
      <div class="rb-part">
        <h4>
          {isOptional && (
            <input
              type="checkbox"
              aria-label="Send a body"
              checked={draft.body !== undefined}
              onChange={({ currentTarget }) =>
                store.edit(id, {
                  body: currentTarget.checked ? (initial(body.schema, components, true) ?? "") : undefined,
                  text: null,
                })
              }
            />
          )}
          Body {isModel && <code>{visible(name)}</code>}
        </h4>
        {bodies.length > 1 ? (
          <select
            class="rb-select rb-select--short"
            aria-label="Media type of the body"
            value={body.mediaType}
            onChange={({ currentTarget }) => store.changeBody(from, currentTarget.value)}
          >
            {bodies.map(({ mediaType }) => (
              <option key={mediaType}>{mediaType}</option>
            ))}
          </select>
        ) : (
          body.kind !== "json" && <span class="rb-small rb-2">{visible(body.mediaType)}</span>
        )}
        <span class="rb-push rb-line">
          {body.kind !== "text" && (
            <button
              class="rb-btn rb-btn--quiet rb-btn--small"
              type="button"
              onClick={() => store.edit(id, { body: example(body.schema, components), text: null, choices: {} })}
            >
              Fill in an example
            </button>
          )}
          {toggle}
        </span>
      </div>
      <div class="rb-form">
        <BodyFields from={from} body={body} draft={draft} />
      </div>
    </fieldset>
  );
}

export function RequestForm({
  from,
  draft,
  body,
  issues,
  idOf,
  onShowIssue,
  toggle,
}: {
  from: Console;
  draft: Draft;
  body: Body | undefined;
  issues: NumberedIssue[];
  idOf: (key: string) => string;
  onShowIssue: (number: number) => void;
  toggle: ComponentChildren;
}) {
  const store = useFormStore();
  const { operation, components } = from;
  const byKey = useMemo(() => {
    const map = new Map<string, NumberedIssue[]>();
    for (const issue of issues) map.set(issue.key, [...(map.get(issue.key) ?? []), issue]);
    return map;
  }, [issues]);
  const form: Form = {
    components,
    idOf,
    issues: byKey,
    showIssue: onShowIssue,
    choices: draft.choices,
    choose: (key, variant) => store.choose(operation.id, key, variant),
  };
  return (
    <FormContext.Provider value={form}>
      <form class="rb-try__form" aria-label="Request" noValidate onSubmit={(event) => event.preventDefault()}>
        <Parameters from={from} draft={draft} />
        {body && <BodyPart from={from} body={body} draft={draft} toggle={toggle} />}
      </form>
    </FormContext.Provider>
  );
}
