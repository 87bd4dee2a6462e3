/** From what a person filled in to the request that the kernel sends, and to its address as it is shown. */
import { type Draft, parameterKey } from "./draft";
import { type Value, isObject, NumberText, print } from "./json";
import type { Body, Parameter } from "./operation";
import type { FilePart, OperationState, Pairs, RequestBody, SendArguments } from "./protocol";

/** A value as it stands in an address, a header or a form field. */
export function asText(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof NumberText) return value.text;
  return Array.isArray(value) || isObject(value)
    ? print(value, 0)
    : typeof value === "object" && value !== null
      ? value.name
      : String(value);
}

const asTexts = (value: Value): string[] => (Array.isArray(value) ? value.map(asText) : [asText(value)]);

/** The parameters of one place that are sent, repeats for lists. */
function sent(place: Parameter["place"], parameters: Parameter[], draft: Draft): Pairs {
  return parameters
    .filter((parameter) => parameter.place === place)
    .flatMap((parameter) => {
      const value = draft.parameters[parameterKey(parameter)];
      if (value === undefined) return [];
      // Headers and cookies carry a list as one comma-separated text; a query repeats the name.
      const texts = place === "query" ? asTexts(value) : [asTexts(value).join(", ")];
      return texts.map((text): [string, string] => [parameter.name, text]);
    });
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

async function part(name: string, value: Value): Promise<FilePart> {
  if (!(value instanceof File)) return { name, text: asText(value) };
  return {
    name,
    base64: await base64(value),
    filename: value.name,
    content_type: value.type || "application/octet-stream",
  };
}

function formFields(value: Value | undefined): [string, Value][] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    Array.isArray(item) ? item.map((one): [string, Value] => [name, one]) : [[name, item] as [string, Value]],
  );
}

/** The JSON text that is sent: the editor's as it was typed, else the value printed. */
export const jsonText = (draft: Draft): string | null =>
  draft.text ?? (draft.body === undefined ? null : print(draft.body));

async function requestBody(draft: Draft, body: Body | undefined): Promise<RequestBody> {
  if (!body) return { kind: "none" };
  switch (body.kind) {
    case "json": {
      const text = jsonText(draft);
      return text === null ? { kind: "none" } : { kind: "json", text };
    }
    case "form":
      return { kind: "form", fields: formFields(draft.body).map(([name, value]) => [name, asText(value)]) };
    case "multipart":
      return {
        kind: "multipart",
        parts: await Promise.all(formFields(draft.body).map(([name, value]) => part(name, value))),
      };
    case "text":
      return draft.body === undefined
        ? { kind: "none" }
        : { kind: "text", text: asText(draft.body), content_type: body.mediaType };
  }
}

/** Headers, query and cookies that authentication adds. */
export interface Credentials {
  headers: Pairs;
  query: Pairs;
  cookies: Pairs;
}

export async function buildRequest(
  operation: OperationState,
  parameters: Parameter[],
  body: Body | undefined,
  draft: Draft,
  credentials: Credentials,
): Promise<SendArguments> {
  const headers = draft.headers.filter(([name]) => name.trim());
  return {
    operation: operation.id,
    method: operation.method,
    path: operation.path,
    path_params: Object.fromEntries(sent("path", parameters, draft)),
    query: [...sent("query", parameters, draft), ...credentials.query],
    headers: [...sent("header", parameters, draft), ...headers, ...credentials.headers],
    cookies: [...sent("cookie", parameters, draft), ...credentials.cookies],
    body: await requestBody(draft, body),
  };
}

const PARAMETER = /\{([^}:]+)(:[^}]*)?\}/g;

/** The address as a client writes it; a path parameter that has no value yet keeps its braces. */
export function address({ path, path_params, query }: Pick<SendArguments, "path" | "path_params" | "query">): string {
  const filled = path.replace(PARAMETER, (whole, name: string, convertor?: string) => {
    const value = path_params[name];
    if (value === undefined || value === "") return whole;
    return convertor === ":path" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
  });
  const search = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  return search ? `${filled}?${search}` : filled;
}

/** The address of what is filled in now, for the request line. */
export const preview = (operation: OperationState, parameters: Parameter[], draft: Draft): string =>
  address({
    path: operation.path,
    path_params: Object.fromEntries(sent("path", parameters, draft)),
    query: sent("query", parameters, draft),
  });
