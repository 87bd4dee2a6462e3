/** An operation's parameters, models, responses and security as tables that a person reads. */
import type { ComponentChildren } from "preact";
import { ruleWords } from "../form/field";
import { parametersOf, responsesOf, securityOf } from "../operation";
import { type Components, type Schema, type Spec, describe, variantName } from "../schema";
import type { Console } from "../store";
import { print, type Value } from "../json";
import { shorten, visible } from "../words";
import { Status } from "./badges";
import { Icon } from "./icon";

const MAX_DEPTH = 4;

interface Row {
  name: string;
  depth: number;
  isRequired: boolean;
  spec: Spec;
}

/** The fields of a schema with the fields of its models below them, as far as `MAX_DEPTH`. */
function rowsOf(schema: Schema, components: Components, depth = 0, within: string[] = []): Row[] {
  const spec = describe(schema, components);
  if (depth > MAX_DEPTH || (spec.name && within.includes(spec.name))) return [];
  const inside = spec.name ? [...within, spec.name] : within;
  switch (spec.kind) {
    case "object":
      return spec.properties.flatMap(({ name, schema, isRequired }) => [
        { name, depth, isRequired, spec: describe(schema, components) },
        ...rowsOf(schema, components, depth + 1, inside),
      ]);
    case "list":
      return rowsOf(spec.item(0), components, depth, inside);
    case "map":
      return rowsOf(spec.values, components, depth, inside);
    case "union":
      return spec.variants.flatMap((variant) => {
        const rows = rowsOf(variant, components, depth + 1, inside);
        return rows.length
          ? [
              { name: variantName(variant, components), depth, isRequired: false, spec: describe(variant, components) },
              ...rows,
            ]
          : [];
      });
    default:
      return [];
  }
}

function ruleOf(spec: Spec): ComponentChildren {
  const options =
    spec.kind === "choice" && spec.options.length > 1
      ? spec.options
          .slice(0, 20)
          .map((option) => print(option as Value, 0))
          .join(", ")
      : "";
  const words = ruleWords({ ...spec, kind: "text", type: "", isNullable: false }).replace(/^, /, "");
  return (
    <>
      {visible([options, words].filter(Boolean).join("; "))}
      {spec.pattern && (
        <>
          {" "}
          like <code>{visible(shorten(spec.pattern, 80))}</code>
        </>
      )}
      {spec.examples.length > 0 && (
        <>
          {" "}
          such as <code>{visible(shorten(print(spec.examples[0] as Value, 0), 80))}</code>
        </>
      )}
      {spec.description && <span class="rb-2"> {visible(shorten(spec.description, 300))}</span>}
    </>
  );
}

const typeOf = (spec: Spec): string => (spec.isNullable ? `${spec.type} or null` : spec.type);

function Fields({ caption, rows }: { caption: string; rows: Row[] }) {
  return (
    <div class="rb-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="rb-table rb-schema">
        <caption class="rb-sr">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Type</th>
            <th scope="col">Rule</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, depth, isRequired, spec }, index) => (
            <tr key={index}>
              <th scope="row" style={{ paddingInlineStart: `${depth * 16}px` }}>
                {isRequired ? (
                  <abbr class="rb-field__slot rb-req" title="required">
                    *
                  </abbr>
                ) : (
                  <span class="rb-field__slot" />
                )}
                <code>{visible(name)}</code>
              </th>
              <td>{visible(typeOf(spec))}</td>
              <td>{ruleOf(spec)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Part({ title, name, rows, note }: { title: string; name?: string; rows: Row[]; note?: string }) {
  return (
    <section>
      <div class="rb-part">
        <h4>
          {title} {name && <code>{visible(name)}</code>}
        </h4>
        {note && <span class="rb-small rb-2 rb-push">{visible(note)}</span>}
      </div>
      {rows.length > 0 && <Fields caption={`${title} ${visible(name ?? "")}`} rows={rows} />}
    </section>
  );
}

function Responses({ from }: { from: Console }) {
  const { components, operation } = from;
  return (
    <section>
      <div class="rb-part">
        <h4>Responses</h4>
      </div>
      <dl class="rb-resp">
        {responsesOf(operation, components).map(({ status, description, mediaType, schema }) => {
          const spec = schema && describe(schema, components);
          return [
            <dt key={`s${status}`}>
              {/^\d{3}$/.test(status) ? <Status status={Number(status)} reason="" /> : visible(status)}
            </dt>,
            <dd key={`d${status}`}>
              {spec && spec.kind !== "any" && <code>{visible(typeOf(spec))}</code>} {visible(description)}
              {mediaType && mediaType !== "application/json" && <span class="rb-2"> {visible(mediaType)}</span>}
              {schema && rowsOf(schema, components).length > 0 && (
                <details class="rb-fold rb-more">
                  <summary>
                    <Icon name="right" />
                    Fields
                  </summary>
                  <Fields caption={`Response ${status}`} rows={rowsOf(schema, components)} />
                </details>
              )}
            </dd>,
          ];
        })}
      </dl>
    </section>
  );
}

function Security({ from }: { from: Console }) {
  const requirements = securityOf(from.operation);
  if (!requirements.length) return null;
  return (
    <section>
      <div class="rb-part rb-part--next">
        <h4>Security</h4>
      </div>
      <ul class="rb-small">
        {requirements.map((requirement, index) => (
          <li key={index}>
            {Object.entries(requirement).map(([name, scopes]) => (
              <span key={name}>
                {visible(from.schemes.find((scheme) => scheme.name === name)?.label ?? name)}
                {scopes.length > 0 && (
                  <>
                    {" "}
                    with{" "}
                    {scopes.map((scope) => (
                      <code key={scope}>{visible(scope)} </code>
                    ))}
                  </>
                )}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function SchemaPanel({ from }: { from: Console }) {
  const { operation, components, bodies } = from;
  const parameters = parametersOf(operation, components).map(({ name, place, isRequired, schema }): Row => {
    const spec = describe(schema, components);
    return { name, depth: 0, isRequired, spec: { ...spec, type: `${place}, ${spec.type}` } };
  });
  return (
    <div class="rb-two">
      <div class="rb-stack">
        {parameters.length > 0 && <Part title="Parameters" rows={parameters} />}
        {bodies.map(({ mediaType, schema }) => {
          const spec = describe(schema, components);
          return (
            <Part
              key={mediaType}
              title="Request body"
              name={spec.name || spec.type}
              rows={rowsOf(schema, components)}
              note={mediaType}
            />
          );
        })}
        {!parameters.length && !bodies.length && <p class="rb-small rb-2">It takes no parameters and no body.</p>}
      </div>
      <div>
        <Responses from={from} />
        <Security from={from} />
      </div>
    </div>
  );
}
