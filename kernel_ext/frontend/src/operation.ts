/**
 * An Operation Object as the console reads it: its parameters, its bodies, its responses, its security.
 *
 * Spec: OpenAPI 3.1.0, Operation Object, Parameter Object, Request Body Object, Security Requirement Object.
 */
import { isObject } from "./json";
import type { Json, OperationState } from "./protocol";
import { type Components, type Schema, resolve } from "./schema";

export type Place = "path" | "query" | "header" | "cookie";

export interface Parameter {
  name: string;
  place: Place;
  isRequired: boolean;
  schema: Schema;
}

export type BodyKind = "json" | "form" | "multipart" | "text";

export interface Body {
  mediaType: string;
  kind: BodyKind;
  schema: Schema;
  isRequired: boolean;
}

/** What a person adds to an operation that declares no body: its function may read the request by itself. */
export const UNDECLARED: Body = { mediaType: "application/json", kind: "json", schema: {}, isRequired: false };

const WITH_BODY = new Set(["POST", "PUT", "PATCH", "DELETE", "QUERY"]);

/** Whether a request of this method usually carries a body. */
export const mayHaveBody = ({ method }: OperationState): boolean => WITH_BODY.has(method);

export interface ResponseInfo {
  status: string;
  description: string;
  mediaType: string;
  schema: Schema | null;
}

const PLACES: Place[] = ["path", "query", "header", "cookie"];
/** Best first: the body that the console offers when an operation takes several. */
const KINDS: BodyKind[] = ["json", "form", "multipart", "text"];

const record = (value: unknown): Schema => (isObject(value) ? (value as Schema) : {});
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The operation's parameters, in the order path, query, header, cookie. */
export function parametersOf({ operation }: OperationState, components: Components): Parameter[] {
  const parameters = list(operation.parameters).flatMap((given): Parameter[] => {
    const parameter = resolve(given, components);
    const place = parameter.in as Place;
    if (!PLACES.includes(place)) return [];
    const schema = { ...record(parameter.schema) };
    for (const key of ["description", "example", "examples", "deprecated"]) {
      if (key in parameter && !(key in schema)) schema[key] = parameter[key] ?? null;
    }
    return [{ name: text(parameter.name), place, isRequired: parameter.required === true, schema }];
  });
  return parameters.sort((a, b) => PLACES.indexOf(a.place) - PLACES.indexOf(b.place));
}

function kindOf(mediaType: string): BodyKind {
  if (mediaType === "application/json") return "json";
  if (mediaType === "application/x-www-form-urlencoded") return "form";
  return mediaType === "multipart/form-data" ? "multipart" : "text";
}

/** The operation's request bodies, the one to offer first; empty where it takes none. */
export function bodiesOf({ operation }: OperationState, components: Components): Body[] {
  const request = resolve(operation.requestBody, components);
  return Object.entries(record(request.content))
    .map(([mediaType, media]) => ({
      mediaType,
      kind: kindOf(mediaType),
      schema: record(record(media).schema),
      isRequired: request.required === true,
    }))
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
}

export function responsesOf({ operation }: OperationState, components: Components): ResponseInfo[] {
  return Object.entries(record(operation.responses)).map(([status, given]) => {
    const response = resolve(given, components);
    const [mediaType, media] = Object.entries(record(response.content))[0] ?? ["", null];
    const schema = record(media).schema;
    return {
      status,
      description: text(response.description),
      mediaType,
      schema: isObject(schema) ? (schema as Schema) : null,
    };
  });
}

/** The function's name and the description as they stand in the OpenAPI document. */
export const descriptionOf = ({ operation }: OperationState): string => text(operation.description);

export type Requirement = { [scheme: string]: string[] };

/** The operation's alternatives of security schemes with their scopes; empty where none is needed. */
export const securityOf = ({ operation }: OperationState): Requirement[] =>
  list(operation.security).map((requirement) =>
    Object.fromEntries(Object.entries(record(requirement)).map(([name, scopes]) => [name, list(scopes).map(String)])),
  );
