/** The errors of a 422, each with its number and the field of the form that shows it. */
import { parameterKey } from "./draft";
import { type Value, isObject, pointer, tokens } from "./json";
import type { Parameter, Place } from "./operation";
import type { ValidationIssue } from "./protocol";
import { type Components, type Schema, describe, variantOf } from "./schema";

/** An issue, its number from 1, and the key of the field that shows it ("" where no field does). */
export interface NumberedIssue {
  number: number;
  issue: ValidationIssue;
  key: string;
}

export const bodyKey = (at: string): string => `body:${at}`;

/** The pointer that a body's field key names. */
export const bodyPointer = (key: string): string => key.slice(bodyKey("").length);

const isSameName = (a: string, b: string, place: Place): boolean =>
  a === b || (place === "header" && a.toLowerCase().replaceAll("_", "-") === b.toLowerCase().replaceAll("_", "-"));

/**
 * The pointer of the deepest field that the form shows on the way to `target`.
 *
 * A form shows what is in the value: an object that is not sent shows no fields of its own.
 */
export function anchor(
  target: string,
  schema: Schema,
  value: Value | undefined,
  components: Components,
  choices: { [key: string]: number },
): string {
  let at = "";
  let here: Schema = schema;
  let current = value;
  for (const token of tokens(target)) {
    const next = step(at, here, current, token, components, choices);
    if (!next && isVariantTag(token, here, components)) continue;
    if (!next) break;
    at = pointer(at, token);
    here = next;
    current = Array.isArray(current) ? current[Number(token)] : isObject(current) ? current[token] : undefined;
  }
  return at;
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

/** Number the issues and find the field of each. */
export function numberIssues(
  issues: ValidationIssue[],
  parameters: Parameter[],
  body: { schema: Schema; value: Value | undefined; choices: { [key: string]: number } } | null,
  components: Components,
): NumberedIssue[] {
  return issues.map((issue, index) => {
    let key = "";
    if (issue.source === "body") {
      if (body) key = bodyKey(anchor(issue.pointer, body.schema, body.value, components, body.choices));
    } else {
      const name = String(issue.loc[1] ?? "");
      const parameter = parameters.find((p) => p.place === issue.source && isSameName(p.name, name, p.place));
      if (parameter) key = parameterKey(parameter);
    }
    return { number: index + 1, issue, key };
  });
}
