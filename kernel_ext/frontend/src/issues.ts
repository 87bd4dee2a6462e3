/** The errors of a 422, each with its number and the field of the form that shows it. */
import { parameterKey } from "./draft";
import { type Value, isObject, pointer, tokens } from "./json";
import type { Parameter, Place } from "./operation";
import type { ValidationIssue } from "./protocol";
import { type Components, type Schema, describe, variantOf } from "./schema";

/** An issue as the view shows it. */
export interface NumberedIssue {
  /** From 1. */
  number: number;
  issue: ValidationIssue;
  /** The key of the field that shows it; "" where no field does. */
  key: string;
  /** Its place in the JSON, by a pointer without the names of variants. */
  pointer: string;
  /** What a person calls the place: "author.born", "tags[1]". */
  field: string;
}

export const bodyKey = (at: string): string => `body:${at}`;

const isSameName = (a: string, b: string, place: Place): boolean =>
  a === b || (place === "header" && a.toLowerCase().replaceAll("_", "-") === b.toLowerCase().replaceAll("_", "-"));

/** Where an issue stands in the JSON, and the deepest field that the form shows on the way there. */
export interface Anchor {
  pointer: string;
  field: string;
}

/**
 * Follow an issue's pointer through schema and value.
 *
 * A form shows what is in the value: an object that is not sent shows no fields of its own.
 */
export function anchor(
  target: string,
  schema: Schema,
  value: Value | undefined,
  components: Components,
  choices: { [key: string]: number },
): Anchor {
  const rest = tokens(target);
  let at = "";
  let here: Schema = schema;
  let current = value;
  while (rest.length) {
    const token = rest[0] ?? "";
    const next = step(at, here, current, token, components, choices);
    if (!next && !isVariantTag(token, here, components)) break;
    rest.shift();
    if (!next) continue;
    at = pointer(at, token);
    here = next;
    current = Array.isArray(current) ? current[Number(token)] : isObject(current) ? current[token] : undefined;
  }
  return { pointer: rest.reduce(pointer, at), field: at };
}

/** pydantic names a union's variant on the way to an error; the JSON has no such level. */
const isVariantTag = (token: string, schema: Schema, components: Components): boolean =>
  describe(schema, components).kind === "union" && !/^\d+$/.test(token);

function step(
  at: string,
  schema: Schema,
  value: Value | undefined,
  token: string,
  components: Components,
  choices: { [key: string]: number },
): Schema | null {
  const spec = describe(schema, components);
  if (value === undefined || value === null) return null;
  switch (spec.kind) {
    case "object":
      return spec.properties.find(({ name }) => name === token)?.schema ?? null;
    case "map":
      return isObject(value) && Object.hasOwn(value, token) ? spec.values : null;
    case "list":
      return Array.isArray(value) && Number(token) < value.length ? spec.item(Number(token)) : null;
    case "union": {
      const chosen = spec.variants[choices[bodyKey(at)] ?? variantOf(value, spec, components)];
      return chosen ? step(at, chosen, value, token, components, choices) : null;
    }
    default:
      return null;
  }
}

/** "/author/born" as a person writes it: "author.born". */
const nameOf = (at: string): string =>
  tokens(at)
    .map((token) => (/^\d+$/.test(token) ? `[${token}]` : `.${token}`))
    .join("")
    .replace(/^\./, "");

interface SentBody {
  schema: Schema;
  value: Value | undefined;
  choices: { [key: string]: number };
}

/** Number the issues and find the field of each. */
export function numberIssues(
  issues: ValidationIssue[],
  parameters: Parameter[],
  body: SentBody | null,
  components: Components,
): NumberedIssue[] {
  return issues.map((issue, index) => {
    const numbered = { number: index + 1, issue, key: "", pointer: issue.pointer, field: issue.field || issue.source };
    if (issue.source === "body") {
      if (!body) return numbered;
      const { pointer, field } = anchor(issue.pointer, body.schema, body.value, components, body.choices);
      return { ...numbered, key: bodyKey(field), pointer, field: nameOf(pointer) || numbered.field };
    }
    const name = String(issue.loc[1] ?? "");
    const parameter = parameters.find((p) => p.place === issue.source && isSameName(p.name, name, p.place));
    return parameter ? { ...numbered, key: parameterKey(parameter) } : numbered;
  });
}
