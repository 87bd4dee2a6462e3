/**
 * What every view with forms shares: what was filled in for each operation, and the credentials.
 *
 * It lives with the widget's model, so that a view that is closed and opened again finds its inputs.
 */
import { type Scheme, type Secret, credentialsOf, schemesFor } from "./auth";
import { type Draft, newDraft, refitDraft } from "./draft";
import { CommandError } from "./kernel";
import { type Body, type Parameter, bodiesOf, parametersOf, securityOf } from "./operation";
import type { OperationState, SendArguments } from "./protocol";
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
  readonly state: { components: Components } | null;
  command(name: string, args?: unknown): { id: string; result: Promise<unknown> };
}

export abstract class FormStore {
  abstract readonly kernel: FormKernel;
  secrets: { [scheme: string]: Secret } = {};
  protected readonly drafts = new Map<string, Draft>();
  protected readonly consoles = new Map<string, Console>();
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
    const bodies = bodiesOf(operation, components);
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

  /** The request as it would be sent now. */
  request(from: Console): Promise<SendArguments> {
    const { operation, parameters, schemes } = from;
    const draft = this.draft(from);
    return buildRequest(operation, parameters, bodyOf(from, draft), draft, credentialsOf(schemes, this.secrets));
  }

  /** Get an OAuth2 token with a user's name and password; the reason where the application gives none.
   *
   * Spec: RFC 6749 §4.3.2.
   */
  async signIn(scheme: Scheme, user: string, password: string): Promise<string | null> {
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
    try {
      const token = (await this.kernel.command("sign_in", request).result) as string;
      this.setSecret(scheme.name, { user, secret: token });
      return null;
    } catch (error) {
      return error instanceof CommandError ? error.message : String(error);
    }
  }

  setSecret(scheme: string, secret: Secret | null): void {
    const { [scheme]: _former, ...others } = this.secrets;
    this.secrets = secret ? { ...others, [scheme]: secret } : others;
    this.changed();
  }

  protected changed(): void {
    for (const listener of this.listeners) listener();
  }
}
