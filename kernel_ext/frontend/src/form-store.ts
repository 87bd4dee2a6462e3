/**
 * What every view with forms shares: what was filled in for each operation, and who is signed in.
 *
 * It lives with the widget's model, so that a view that is closed and opened again finds its inputs.
 */
import { type Scheme, credentialFor, credentialsOf, isFor, schemesFor } from "./auth";
import { type Draft, newDraft, refitDraft } from "./draft";
import { CommandError } from "./kernel";
import { type Body, type Parameter, UNDECLARED, bodiesOf, parametersOf, securityOf } from "./operation";
import type { Credential, CredentialState, Held, OperationState, SendArguments } from "./protocol";
import { buildRequest } from "./request";
import type { Components } from "./schema";

/** An operation with everything that its form is made from. */
export interface Console {
  operation: OperationState;
  components: Components;
  parameters: Parameter[];
  bodies: Body[];
  schemes: Scheme[];
}

/** The body that a draft fills in. */
export const bodyOf = ({ bodies }: Console, { mediaType }: Draft): Body | undefined =>
  bodies.find((body) => body.mediaType === mediaType);

/** The part of the line to the kernel that forms use. */
interface FormKernel {
  readonly state: { components: Components; credentials: Held } | null;
  command(name: string, args?: unknown): { id: string; result: Promise<unknown> };
}

export abstract class FormStore {
  abstract readonly kernel: FormKernel;
  protected readonly drafts = new Map<string, Draft>();
  protected readonly consoles = new Map<string, Console>();
  /** The operations to which a person added a body that they do not declare. */
  private readonly added = new Set<string>();
  private readonly listeners = new Set<() => void>();

  /** Call `listener` after every change until the signal aborts. */
  subscribe(listener: () => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  /** The operation's form parts, made once and again when it or the components change. */
  console(operation: OperationState): Console {
    const components = this.kernel.state?.components ?? {};
    const known = this.consoles.get(operation.id);
    if (known?.operation === operation && known.components === components) return known;
    const parameters = parametersOf(operation, components);
    const declared = bodiesOf(operation, components);
    const bodies = !declared.length && this.added.has(operation.id) ? [UNDECLARED] : declared;
    const made = { operation, components, parameters, bodies, schemes: schemesFor(securityOf(operation), components) };
    this.consoles.set(operation.id, made);
    const draft = this.drafts.get(operation.id);
    if (draft) this.drafts.set(operation.id, refitDraft(draft, parameters, bodies, components));
    return made;
  }

  draft({ operation, parameters, bodies, components }: Console): Draft {
    const draft = this.drafts.get(operation.id) ?? newDraft(parameters, bodies, components);
    this.drafts.set(operation.id, draft);
    return draft;
  }

  edit(id: string, change: Partial<Draft>): void {
    const draft = this.drafts.get(id);
    if (!draft) return;
    this.drafts.set(id, { ...draft, ...change });
    this.changed();
  }

  /** Choose a union's variant. */
  choose(id: string, key: string, variant: number): void {
    this.edit(id, { choices: { ...this.drafts.get(id)?.choices, [key]: variant } });
  }

  /** Offer another of the operation's bodies; the former's values do not fit it. */
  changeBody(from: Console, mediaType: string): void {
    const empty: Draft = { ...this.draft(from), mediaType, body: undefined, text: null, choices: {} };
    this.edit(from.operation.id, refitDraft(empty, from.parameters, from.bodies, from.components));
  }

  /** Send a body that the operation does not declare. */
  addBody({ operation }: Console): void {
    this.added.add(operation.id);
    this.consoles.delete(operation.id);
    this.draft(this.console(operation));
    this.edit(operation.id, { body: {} });
  }

  /** The request as it would be sent now, with the credentials that the kernel holds.
   *
   * @throws CommandError where the kernel does not answer.
   */
  async request(from: Console): Promise<SendArguments> {
    const { operation, parameters, schemes } = from;
    const draft = this.draft(from);
    const names = schemes.map(({ name }) => name);
    const given = names.length ? await this.kernel.command("credentials", { schemes: names }).result : {};
    const credentials = credentialsOf(schemes, given as { [scheme: string]: Credential });
    return buildRequest(operation, parameters, bodyOf(from, draft), draft, credentials);
  }

  /** The request as it is filled in, without credentials. */
  unsigned(from: Console): Promise<SendArguments> {
    const draft = this.draft(from);
    return buildRequest(from.operation, from.parameters, bodyOf(from, draft), draft, credentialsOf([], {}));
  }

  /** Who is signed in for a scheme as it is declared now. */
  signedIn(scheme: Scheme): CredentialState | undefined {
    const given = this.kernel.state?.credentials[scheme.name];
    return isFor(scheme, given) ? given : undefined;
  }

  /** Have what a person gives sent with what follows; the reason where it cannot be. */
  async signIn(scheme: Scheme, user: string, secret: string): Promise<string | null> {
    try {
      const sent = scheme.kind === "password" ? await this.token(scheme, user, secret) : secret;
      await this.sign(scheme, credentialFor(scheme, user, sent));
      return null;
    } catch (error) {
      return error instanceof CommandError ? error.message : String(error);
    }
  }

  signOut(scheme: Scheme): void {
    this.sign(scheme, null).catch(() => undefined); // the line says that the kernel does not answer
  }

  private sign(scheme: Scheme, credential: Credential | null): Promise<unknown> {
    return this.kernel.command("sign", { scheme: scheme.name, credential }).result;
  }

  /** An OAuth2 token for a user's name and password.
   *
   * Spec: RFC 6749 §4.3.2.
   */
  private async token(scheme: Scheme, user: string, password: string): Promise<string> {
    const path = `/${scheme.tokenUrl.replace(/^\//, "")}`;
    const request: SendArguments = {
      operation: `POST ${path}`,
      method: "POST",
      path,
      path_params: {},
      query: [],
      headers: [],
      cookies: [],
      body: {
        kind: "form",
        fields: [
          ["grant_type", "password"],
          ["username", user],
          ["password", password],
          ["scope", scheme.scopes.join(" ")],
        ],
      },
    };
    return (await this.kernel.command("sign_in", request).result) as string;
  }

  protected changed(): void {
    for (const listener of this.listeners) listener();
  }
}
