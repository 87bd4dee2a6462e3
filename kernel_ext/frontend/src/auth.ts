/**
 * Credentials for the security schemes that an application declares: the kernel holds them for all views of it.
 *
 * Spec: OpenAPI 3.1.0, Security Scheme Object; RFC 7617 (Basic), RFC 6750 (Bearer), RFC 6749 §4.3 (password grant).
 */
import { isObject } from "./json";
import { type Requirement } from "./operation";
import type { Credential, CredentialState, Json, Pairs } from "./protocol";
import type { Credentials } from "./request";
import { type Components, resolve } from "./schema";

export interface Scheme {
  name: string;
  kind: "key" | "basic" | "bearer" | "password";
  /** "API key in header X-Key", for the person. */
  label: string;
  place: "header" | "query" | "cookie";
  parameter: string;
  tokenUrl: string;
  scopes: string[];
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

function read(name: string, given: Json, components: Components): Scheme | null {
  const scheme = resolve(given, components);
  const base: Scheme = {
    name,
    kind: "bearer",
    label: "Bearer token",
    place: "header",
    parameter: "Authorization",
    tokenUrl: "",
    scopes: [],
  };
  switch (scheme.type) {
    case "apiKey": {
      const place = text(scheme.in) as Scheme["place"];
      return {
        ...base,
        kind: "key",
        place,
        parameter: text(scheme.name),
        label: `API key in ${place} ${text(scheme.name)}`,
      };
    }
    case "http":
      if (text(scheme.scheme).toLowerCase() === "basic")
        return { ...base, kind: "basic", label: "user and password (Basic)" };
      return text(scheme.scheme).toLowerCase() === "bearer" ? base : null;
    case "oauth2": {
      const flows = isObject(scheme.flows) ? (scheme.flows as { [key: string]: Json }) : {};
      const flow = isObject(flows.password) ? (flows.password as { [key: string]: Json }) : null;
      if (!flow) return { ...base, label: "OAuth2 access token" };
      const scopes = isObject(flow.scopes) ? Object.keys(flow.scopes) : [];
      return { ...base, kind: "password", label: "OAuth2 user and password", tokenUrl: text(flow.tokenUrl), scopes };
    }
    case "openIdConnect":
      return { ...base, label: "OpenID Connect access token" };
    default:
      return null;
  }
}

/** The schemes that an operation names, those that the console can fill in. */
export function schemesFor(requirements: Requirement[], components: Components): Scheme[] {
  const declared = isObject(components.securitySchemes) ? (components.securitySchemes as { [key: string]: Json }) : {};
  const names = new Set(requirements.flatMap((requirement) => Object.keys(requirement)));
  return [...names].flatMap((name) => (name in declared ? (read(name, declared[name] ?? null, components) ?? []) : []));
}

const utf8Base64 = (value: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(value)));

/** What is sent for a scheme: a key, a token, or a user name with a password. */
export function credentialFor({ kind, place, parameter }: Scheme, user: string, secret: string): Credential {
  const value =
    kind === "key" ? secret : kind === "basic" ? `Basic ${utf8Base64(`${user}:${secret}`)}` : `Bearer ${secret}`;
  return { user, where: place, name: parameter, value };
}

/** Whether what was given is for the scheme as it is declared now. */
export const isFor = ({ place, parameter }: Scheme, given: CredentialState | undefined): boolean =>
  given?.where === place && given.name === parameter;

/** Headers, query and cookies for what was given. */
export function credentialsOf(schemes: Scheme[], given: { [scheme: string]: Credential }): Credentials {
  const credentials: Credentials = { headers: [], query: [], cookies: [] };
  const places: { [place in Scheme["place"]]: Pairs } = {
    header: credentials.headers,
    query: credentials.query,
    cookie: credentials.cookies,
  };
  for (const scheme of schemes) {
    const credential = given[scheme.name];
    if (credential && isFor(scheme, credential)) places[credential.where].push([credential.name, credential.value]);
  }
  return credentials;
}
