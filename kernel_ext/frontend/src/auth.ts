/**
 * Credentials for the security schemes that an application declares, kept in this page's memory only.
 *
 * Spec: OpenAPI 3.1.0, Security Scheme Object; RFC 7617 (Basic), RFC 6750 (Bearer), RFC 6749 §4.3 (password grant).
 */
import { isObject } from "./json";
import { type Requirement } from "./operation";
import type { Json, Pairs } from "./protocol";
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

/** What a person gave for one scheme: a user name where it has one, and a key, token or password. */
export interface Secret {
  user: string;
  secret: string;
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

/** Headers, query and cookies for the secrets that were given. */
export function credentialsOf(schemes: Scheme[], secrets: { [scheme: string]: Secret }): Credentials {
  const credentials: Credentials = { headers: [], query: [], cookies: [] };
  const places: { [place in Scheme["place"]]: Pairs } = {
    header: credentials.headers,
    query: credentials.query,
    cookie: credentials.cookies,
  };
  for (const { name, kind, place, parameter } of schemes) {
    const given = secrets[name];
    if (!given?.secret) continue;
    if (kind === "key") places[place].push([parameter, given.secret]);
    else if (kind === "basic")
      credentials.headers.push([parameter, `Basic ${utf8Base64(`${given.user}:${given.secret}`)}`]);
    else credentials.headers.push([parameter, `Bearer ${given.secret}`]);
  }
  return credentials;
}
