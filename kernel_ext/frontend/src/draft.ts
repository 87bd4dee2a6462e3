/**
 * What a person has filled in for one operation: JSON values, the form is only a view of them.
 *
 * A value that is absent is not sent. Nothing here checks a value against its schema: what was typed is what is sent.
 */
import { type ObjectValue, type Value, isObject, isSame } from "./json";
import type { Body, Parameter } from "./operation";
import { matching } from "./pattern";
import { type Components, type Schema, type Spec, describe } from "./schema";

export interface Draft {
  /** By `parameterKey`. */
  parameters: { [key: string]: Value };
  mediaType: string;
  body: Value | undefined;
  /** The JSON editor's text as it was typed, JSON or not; it is what is sent. Null: the value printed. */
  text: string | null;
  /** The variant chosen for a union, by its field's key; unions not named here show what their value fits. */
  choices: { [key: string]: number };
  /** Headers beyond the declared ones. */
  headers: [string, string][];
}

export const parameterKey = ({ place, name }: Pick<Parameter, "place" | "name">): string => `${place}:${name}`;

const EXAMPLES: { [format: string]: string } = {
  date: "2025-01-31",
  "date-time": "2025-01-31T14:30:00Z",
  time: "14:30:00",
  duration: "PT1H30M",
  email: "mira@example.org",
  uuid: "3fa85f64-5717-4562-b3fc-2c963f66afa6",
  uri: "https://example.org/",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  "json-string": "{}",
};

/** What a field holds before anybody touched it; undefined: nothing, it is not sent. */
export function initial(schema: Schema, components: Components, isRequired: boolean): Value | undefined {
  if (!isRequired) return undefined;
  const spec = describe(schema, components);
  if (spec.fallback !== undefined) return spec.fallback as Value;
  switch (spec.kind) {
    case "object":
      return filled(spec, (property) => initial(property.schema, components, property.isRequired));
    case "map":
      return {};
    case "list":
      return Array.from({ length: spec.minItems }, (_, index) => initial(spec.item(index), components, true) ?? "");
    case "union":
      return tagged(initial(spec.variants[0] ?? {}, components, true), spec, 0, components);
    case "choice":
      return spec.options.length === 1 ? (spec.options[0] as Value) : undefined;
    case "null":
      return null;
    default:
      return undefined;
  }
}

/** What a field gets when a person says that it is to be sent. */
export function seed(schema: Schema, components: Components): Value {
  const spec = describe(schema, components);
  if (spec.fallback !== undefined && spec.fallback !== null) return spec.fallback as Value;
  return initial(schema, components, true) ?? (spec.kind === "text" ? "" : example(schema, components));
}

/** An example: the schema's own where it has one, else a value made from its constraints.
 *
 * @param within - the models around it: one that refers to itself is not repeated.
 */
export function example(schema: Schema, components: Components, within: string[] = []): Value {
  const spec = describe(schema, components);
  if (spec.examples.length) return spec.examples[0] as Value;
  if (spec.fallback !== undefined && spec.fallback !== null) return spec.fallback as Value;
  const isRepeated = spec.name !== "" && within.includes(spec.name);
  const inside = spec.name ? [...within, spec.name] : within;
  switch (spec.kind) {
    case "object":
      return filled(spec, ({ schema, isRequired }) =>
        isRequired
          ? isRepeated
            ? undefined
            : example(schema, components, inside)
          : optionalExample(schema, components, inside),
      );
    case "map":
      return isRepeated ? {} : { name: example(spec.values, components, inside) };
    case "list": {
      const isItemRepeated = within.includes(describe(spec.item(0), components).name || " ");
      const length = isItemRepeated ? spec.minItems : Math.max(1, spec.minItems);
      return Array.from({ length }, (_, index) => example(spec.item(index), components, inside));
    }
    case "union":
      return tagged(example(spec.variants[0] ?? {}, components, inside), spec, 0, components) ?? null;
    case "choice":
      return (spec.options[0] ?? null) as Value;
    case "boolean":
      return true;
    case "integer":
    case "number":
      return exampleNumber(schema, spec, components);
    case "text":
      return exampleText(schema, spec, components);
    default:
      return spec.kind === "file" ? "" : null;
  }
}

function optionalExample(schema: Schema, components: Components, within: string[]): Value | undefined {
  const { name, fallback } = describe(schema, components);
  if (!name || !within.includes(name)) return example(schema, components, within);
  return fallback as Value | undefined;
}

/** The bounds stand in the schema that describes the number, which may be the only variant of a nullable one. */
function bounds(schema: Schema, components: Components): Schema {
  const branches = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  const only = branches?.find((branch) => branch.type !== "null");
  return (only ? bounds(only, components) : schema) ?? {};
}

function exampleNumber(schema: Schema, spec: Spec, components: Components): number {
  const { minimum, maximum, exclusiveMinimum: over, exclusiveMaximum: under, multipleOf } = bounds(schema, components);
  const step = typeof multipleOf === "number" ? multipleOf : spec.kind === "integer" ? 1 : 0.5;
  const low = typeof minimum === "number" ? minimum : typeof over === "number" ? over + step : undefined;
  const high = typeof maximum === "number" ? maximum : typeof under === "number" ? under - step : undefined;
  const plain = spec.kind === "integer" ? Math.max(1, step) : typeof multipleOf === "number" ? multipleOf : 9.5;
  if (low !== undefined && (plain < low || (high !== undefined && plain > high))) return low;
  return high !== undefined && plain > high ? high : plain;
}

function exampleText(schema: Schema, spec: Spec, components: Components): string {
  const known = EXAMPLES[spec.format];
  if (known) return known;
  const matched = spec.pattern && matching(spec.pattern);
  if (matched) return matched;
  const { minLength, maxLength } = bounds(schema, components);
  const text = "text".padEnd(typeof minLength === "number" ? Math.min(minLength, 1000) : 0, "x");
  return typeof maxLength === "number" ? text.slice(0, maxLength) : text;
}

function filled(spec: Spec, value: (property: Spec["properties"][number]) => Value | undefined): ObjectValue {
  const object: ObjectValue = {};
  for (const property of spec.properties) {
    const filling = value(property);
    if (filling !== undefined) object[property.name] = filling;
  }
  return object;
}

/** A variant's value with the property that names the variant, which its schema may call optional. */
function tagged(value: Value | undefined, spec: Spec, variant: number, components: Components): Value | undefined {
  const schema = spec.variants[variant];
  if (!spec.discriminator || !schema || !isObject(value)) return value;
  const property = describe(schema, components).properties.find(({ name }) => name === spec.discriminator);
  const tag = property && describe(property.schema, components).options[0];
  return tag === undefined ? value : { [spec.discriminator]: tag as Value, ...value };
}

/** The value for a variant that was chosen: what the former had in common with it stays. */
export function switchVariant(value: Value | undefined, spec: Spec, variant: number, components: Components): Value {
  const schema = spec.variants[variant] ?? {};
  if (!isObject(value) || describe(schema, components).kind !== "object") {
    return tagged(seed(schema, components), spec, variant, components) ?? null;
  }
  const { [spec.discriminator]: _tag, ...others } = value;
  return tagged(refit(others, schema, components, true), spec, variant, components) ?? null;
}

/** Keep of a value what still fits a schema that has changed: known names stay, new required ones are added. */
export function refit(
  value: Value | undefined,
  schema: Schema,
  components: Components,
  isRequired: boolean,
): Value | undefined {
  if (value === undefined) return initial(schema, components, isRequired);
  const spec = describe(schema, components);
  if (spec.kind === "object" && isObject(value)) {
    return filled(spec, ({ name, schema, isRequired }) =>
      refit(Object.hasOwn(value, name) ? value[name] : undefined, schema, components, isRequired),
    );
  }
  if (spec.kind === "list" && Array.isArray(value)) {
    return value.map((item, index) => refit(item, spec.item(index), components, true) ?? "");
  }
  if (spec.kind === "choice" && spec.options.length === 1) return initial(schema, components, isRequired) ?? value;
  const wantsScalar = ["text", "number", "integer", "boolean", "choice"].includes(spec.kind);
  const isStructure = Array.isArray(value) || isObject(value);
  return wantsScalar && isStructure ? initial(schema, components, isRequired) : value;
}

/** The draft of an operation that nobody has filled in yet. */
export function newDraft(parameters: Parameter[], bodies: Body[], components: Components): Draft {
  const draft: Draft = { parameters: {}, mediaType: "", body: undefined, text: null, choices: {}, headers: [] };
  return refitDraft(draft, parameters, bodies, components);
}

/** The draft for an operation whose parameters or body have changed. */
export function refitDraft(draft: Draft, parameters: Parameter[], bodies: Body[], components: Components): Draft {
  const kept: Draft["parameters"] = {};
  for (const parameter of parameters) {
    const key = parameterKey(parameter);
    const value = draft.parameters[key] ?? initial(parameter.schema, components, parameter.isRequired);
    if (value !== undefined && value !== null) kept[key] = value;
  }
  const body = bodies.find(({ mediaType }) => mediaType === draft.mediaType) ?? bodies[0];
  const mediaType = body?.mediaType ?? "";
  const value = mediaType === draft.mediaType ? draft.body : undefined;
  const isSent = body?.isRequired === true || value !== undefined;
  const fitted = body && body.kind !== "text" ? refit(value, body.schema, components, isSent) : value;
  const isKept = body?.kind === "json" && isSame(fitted, draft.body);
  return { ...draft, parameters: kept, mediaType, body: fitted, text: isKept ? draft.text : null };
}

/** Set, or with undefined remove, the value at a path of names and indexes; what is on the way is made. */
export function setAt(root: Value | undefined, path: string[], value: Value | undefined): Value | undefined {
  const [token, ...rest] = path;
  if (token === undefined) return value;
  if (Array.isArray(root)) {
    const index = Number(token);
    const next = setAt(root[index], rest, value);
    return next === undefined ? root.filter((_, i) => i !== index) : root.map((item, i) => (i === index ? next : item));
  }
  const object = isObject(root) ? root : {};
  const next = setAt(Object.hasOwn(object, token) ? object[token] : undefined, rest, value);
  if (next !== undefined) return { ...object, [token]: next };
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== token));
}
