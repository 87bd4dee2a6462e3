/**
 * JSON Schema as a form needs it: one shallow `Spec` a schema, references followed, in a person's words.
 *
 * A spec describes one level only; the fields below are described when they are shown, so that a model that
 * refers to itself needs no special care.
 *
 * Spec: JSON Schema 2020-12 (Core, Validation); OpenAPI 3.1.0, Schema Object.
 */
import { type ObjectValue, type Value, isObject, isSame, NumberText, print } from "./json";
import type { Json } from "./protocol";

export type Schema = { [key: string]: Json };
export type Components = { [key: string]: Json };
export type Kind =
  "text" | "number" | "integer" | "boolean" | "choice" | "object" | "map" | "list" | "union" | "file" | "null" | "any";

export interface Property {
  name: string;
  schema: Schema;
  isRequired: boolean;
}

export interface Spec {
  kind: Kind;
  /** A model's name, "" for what has none. */
  name: string;
  /** "whole number", "list of text", "Author": the type in words, without "or null". */
  type: string;
  /** The constraints in words: "1 to 120 characters". */
  rules: string[];
  pattern: string;
  description: string;
  format: string;
  isNullable: boolean;
  isDeprecated: boolean;
  fallback: Json | undefined;
  examples: Json[];
  options: Json[];
  properties: Property[];
  /** Of a map: the schema of its values. */
  values: Schema;
  /** Of a list: the schema of the item at an index. */
  item: (index: number) => Schema;
  minItems: number;
  variants: Schema[];
  /** Of a union: the property that tells the variants apart, "" where none is named. */
  discriminator: string;
}

const FORMATS: { [format: string]: string } = {
  date: "date",
  "date-time": "date and time",
  time: "time of day",
  duration: "duration, such as PT1H30M",
  email: "email address",
  uuid: "UUID",
  uri: "URL",
  ipv4: "IPv4 address",
  ipv6: "IPv6 address",
  password: "password",
  "json-string": "JSON in a text",
};

const asObject = (value: unknown): Schema => (isObject(value) ? (value as Schema) : {});
const asList = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const asText = (value: unknown): string => (typeof value === "string" ? value : "");

/** Follow a local reference (`#/components/…`); what stands beside `$ref` wins over what it points to. */
export function resolve(schema: unknown, components: Components): Schema {
  let resolved = asObject(schema);
  for (let step = 0; step < 20 && typeof resolved.$ref === "string"; step++) {
    const { $ref, ...beside } = resolved;
    let target: unknown = { components };
    for (const token of String($ref).replace(/^#\//, "").split("/")) {
      target = asObject(target)[decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    const name = String($ref).split("/").at(-1) ?? "";
    resolved = { title: name, ...asObject(target), ...beside };
  }
  return resolved;
}

/** Merge `allOf` into one schema: properties and required names add up, the rest is overwritten in order. */
function flatten(schema: unknown, components: Components, depth = 0): Schema {
  const { allOf, ...own } = resolve(schema, components);
  const parts = asList(allOf);
  if (!parts.length || depth > 10) return own;
  return [...parts.map((part) => flatten(part, components, depth + 1)), own].reduce((merged, part) => ({
    ...merged,
    ...part,
    properties: { ...asObject(merged.properties), ...asObject(part.properties) },
    required: [...asList(merged.required), ...asList(part.required)],
  }));
}

const isNull = (schema: Schema): boolean => schema.type === "null" || ("const" in schema && schema.const === null);

function kindOf(schema: Schema, types: string[]): Kind {
  if (asList(schema.enum).length || "const" in schema) return "choice";
  if (schema.format === "binary" || schema.contentMediaType === "application/octet-stream") return "file";
  if (types.length > 1) return "union";
  switch (types[0]) {
    case "string":
      return "text";
    case "number":
    case "integer":
    case "boolean":
    case "null":
      return types[0];
    case "array":
      return "list";
    case "object":
      return isObject(schema.properties) ? "object" : "map";
    default:
      return isObject(schema.properties) ? "object" : "any";
  }
}

const range = (low: unknown, high: unknown, unit: string): string => {
  const units = (count: unknown): string => (unit ? ` ${unit}${count === 1 ? "" : "s"}` : "");
  if (typeof low === "number" && typeof high === "number") {
    return low === high ? `exactly ${low}${units(low)}` : `${low} to ${high}${units(high)}`;
  }
  if (typeof low === "number") return low > 0 || !unit ? `at least ${low}${units(low)}` : "";
  return typeof high === "number" ? `up to ${high}${units(high)}` : "";
};

function rulesOf(schema: Schema): string[] {
  const { exclusiveMinimum: over, exclusiveMaximum: under, minimum, maximum, multipleOf } = schema;
  return [
    range(schema.minLength, schema.maxLength, "character"),
    typeof over === "number" ? `over ${over}` : "",
    range(minimum, maximum, ""),
    typeof under === "number" ? `under ${under}` : "",
    typeof multipleOf === "number" ? `a multiple of ${multipleOf}` : "",
    range(schema.minItems, schema.maxItems, "item"),
    schema.uniqueItems === true ? "no repeats" : "",
    range(schema.minProperties, schema.maxProperties, "entry").replaceAll("entrys", "entries"),
  ].filter(Boolean);
}

/** The examples that a schema or a parameter carries, in their several spellings. */
function examplesOf(schema: Schema): Json[] {
  const { examples } = schema;
  if (Array.isArray(examples)) return examples;
  if (isObject(examples)) return Object.values(examples).map((example) => asObject(example).value ?? null);
  return "example" in schema ? [schema.example ?? null] : [];
}

function typeWords(kind: Kind, schema: Schema, name: string, components: Components): string {
  switch (kind) {
    case "text":
      return FORMATS[asText(schema.format)] ?? "text";
    case "integer":
      return "whole number";
    case "boolean":
      return "true or false";
    case "list":
      return isObject(schema.items)
        ? `list of ${describe(schema.items, components).type.replace(/^file$/, "files")}`
        : "list";
    case "object":
      return name || "object";
    case "map":
      return isObject(schema.additionalProperties)
        ? `names with ${describe(schema.additionalProperties, components).type}`
        : "object";
    case "choice":
      return asList(schema.enum).length ? name || "one of these" : print((schema.const ?? null) as Value, 0);
    case "any":
      return "any JSON";
    case "union":
      return name || variantNames(schema, components);
    default:
      return kind;
  }
}

const MAX_NAMED = 4;

function variantNames(schema: Schema, components: Components): string {
  const variants = [...asList(schema.anyOf), ...asList(schema.oneOf)].map((variant) => flatten(variant, components));
  const types = Array.isArray(schema.type) ? schema.type.map((type): Schema => ({ type })) : [];
  const named = [...variants, ...types].filter((variant) => !isNull(variant));
  return named.length && named.length <= MAX_NAMED
    ? named.map((variant) => variantName(variant, components)).join(" or ")
    : "one of several";
}

/** Describe one schema, one level deep. */
export function describe(given: unknown, components: Components): Spec {
  const outer = flatten(given, components);
  const declared = Array.isArray(outer.type)
    ? outer.type.map(String)
    : typeof outer.type === "string"
      ? [outer.type]
      : [];
  const branches = [...asList(outer.anyOf), ...asList(outer.oneOf)].map((branch) => flatten(branch, components));
  const variants = branches.filter((branch) => !isNull(branch));
  const types = declared.filter((type) => type !== "null");
  const isNullable =
    variants.length < branches.length || types.length < declared.length || asList(outer.enum).includes(null);

  const only = variants.length === 1 ? variants[0] : decimalOf(variants);
  const { anyOf: _anyOf, oneOf: _oneOf, ...beside } = outer;
  // Of `Author | None` the model's own name is better than the field's title.
  const schema = only
    ? { ...beside, ...only, ...pick(beside, ["default", "description", "examples", "example", "deprecated"]) }
    : outer;
  const inner = only ? describe(only, components) : undefined;
  if (inner && (inner.kind === "union" || inner.kind === "null")) {
    return {
      ...inner,
      isNullable: true,
      fallback: outer.default,
      description: asText(outer.description) || inner.description,
    };
  }

  const single = only
    ? (typeof only.type === "string" ? [only.type] : asList(only.type).map(String)).filter((t) => t !== "null")
    : types;
  const isUnion = variants.length > 1 && !only;
  const kind = isUnion ? "union" : declared.length && !types.length ? "null" : kindOf(schema, single);
  const isModel = kind === "object" || kind === "map" || kind === "union" || kind === "choice";
  const name = isModel && refName(given, only, components) ? asText(schema.title) : "";
  const unionOf = isUnion ? variants : single.map((type) => ({ ...schema, type }) as Schema);
  const required = new Set(asList(schema.required).map(String));
  const prefix = asList(schema.prefixItems);
  return {
    kind,
    name,
    type: typeWords(kind, schema, name, components),
    rules: kind === "union" ? [] : rulesOf(schema),
    pattern: asText(schema.pattern),
    description: asText(schema.description),
    format: asText(schema.format),
    isNullable,
    isDeprecated: schema.deprecated === true,
    fallback: schema.default,
    examples: examplesOf(schema),
    options: "const" in schema ? [schema.const ?? null] : asList(schema.enum).filter((option) => option !== null),
    properties: Object.entries(asObject(schema.properties)).map(([key, value]) => ({
      name: key,
      schema: asObject(value),
      isRequired: required.has(key),
    })),
    values: asObject(schema.additionalProperties),
    item: (index) => asObject(prefix[index] ?? schema.items),
    minItems: typeof schema.minItems === "number" ? schema.minItems : prefix.length,
    variants: kind === "union" ? unionOf : [],
    discriminator: asText(asObject(outer.discriminator).propertyName),
  };
}

/** The number of "a number, or a text": so pydantic tells a Decimal. One control takes both: what is no number is text. */
function decimalOf(variants: Schema[]): Schema | undefined {
  const [number, text] = variants;
  const isPlain = Object.keys(text ?? {}).every((key) => key === "type" || key === "pattern");
  return variants.length === 2 && number?.type === "number" && text?.type === "string" && isPlain ? number : undefined;
}

function pick(schema: Schema, keys: string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => keys.includes(key)));
}

/** Whether the schema is a named model: reached by a reference, itself or its only variant. */
function refName(given: unknown, only: Schema | undefined, components: Components): boolean {
  const schema = asObject(given);
  if (typeof schema.$ref === "string") return true;
  const branches = [...asList(schema.anyOf), ...asList(schema.oneOf), ...asList(schema.allOf)].map(asObject);
  return (
    (!!only || "allOf" in schema) && branches.some((b) => typeof b.$ref === "string" && !isNull(resolve(b, components)))
  );
}

/** What to call a variant of a union. */
export function variantName(schema: Schema, components: Components): string {
  const spec = describe(schema, components);
  return spec.kind === "object" || spec.kind === "map" ? asText(schema.title) || spec.type : spec.type;
}

/** Whether a value has the shape of a schema, looked at one level deep; how a union finds its variant. */
export function fits(value: Value | undefined, schema: Schema, components: Components): boolean {
  const spec = describe(schema, components);
  if (value === null) return spec.isNullable || spec.kind === "null" || spec.kind === "any";
  switch (spec.kind) {
    case "text":
    case "file":
      return typeof value === "string" || (spec.kind === "file" && value instanceof File);
    case "number":
      return typeof value === "number" || value instanceof NumberText;
    case "integer":
      return (
        (typeof value === "number" && Number.isInteger(value)) ||
        (value instanceof NumberText && /^-?\d+$/.test(value.text))
      );
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return spec.options.some((option) => isSame(option as Value, value));
    case "list":
      return Array.isArray(value);
    case "map":
      return isObject(value);
    case "object":
      return isObject(value) && spec.properties.every((property) => fitsProperty(property, value, components));
    case "union":
      return spec.variants.some((variant) => fits(value, variant, components));
    default:
      return spec.kind === "any" && value !== undefined;
  }
}

function fitsProperty({ name, schema, isRequired }: Property, value: ObjectValue, components: Components): boolean {
  if (!Object.hasOwn(value, name)) return !isRequired || "const" in resolve(schema, components) === false;
  const spec = describe(schema, components);
  return spec.kind !== "choice" || fits(value[name], schema, components);
}

/** The index of the variant that a value has the shape of; where several do, the one with most of its names. */
export function variantOf(value: Value | undefined, spec: Spec, components: Components): number {
  let best = -1;
  let most = -1;
  spec.variants.forEach((variant, index) => {
    if (!fits(value, variant, components)) return;
    const names = describe(variant, components).properties.map((property) => property.name);
    const shared = isObject(value) ? names.filter((name) => Object.hasOwn(value, name)).length : 0;
    if (shared > most) [best, most] = [index, shared];
  });
  return best;
}
