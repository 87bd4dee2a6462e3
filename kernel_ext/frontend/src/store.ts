/**
 * What all views of one widget share: the application, what was filled in, the answers, the credentials.
 *
 * It lives with the widget's model, so that a view that is closed and opened again finds its inputs.
 */
import { type Scheme, type Secret, credentialsOf, schemesFor } from "./auth";
import { type Draft, newDraft, refitDraft } from "./draft";
import { CommandError, Kernel, type Model } from "./kernel";
import { applyDelta, successor } from "./live";
import { type Body, type Parameter, bodiesOf, parametersOf, securityOf } from "./operation";
import type {
  AppState,
  DeltaMessage,
  ExchangeState,
  OperationState,
  ReplyError,
  SendArguments,
  Streamed,
} from "./protocol";
import { buildRequest } from "./request";
import { Stream } from "./stream";

/** An operation with everything that its form is made from. */
export interface Console {
  operation: OperationState;
  components: AppState["components"];
  parameters: Parameter[];
  bodies: Body[];
  schemes: Scheme[];
}

/** The body that a draft fills in. */
export const bodyOf = ({ bodies }: Console, { mediaType }: Draft): Body | undefined =>
  bodies.find((body) => body.mediaType === mediaType);

/** What came of a request: an exchange, or why there is none; and what had been filled in. */
export interface Answer {
  exchange: ExchangeState | null;
  error: ReplyError | null;
  draft: Draft;
  /** What came of a response that was cancelled while it streamed. */
  stream: Stream | null;
}

export interface Pending {
  id: string;
  since: number;
  /** What came of the response so far, where it streams. */
  stream: Stream | null;
}

export class Store {
  readonly kernel: Kernel<AppState, DeltaMessage>;
  readonly answers = new Map<string, Answer>();
  readonly pending = new Map<string, Pending>();
  secrets: { [scheme: string]: Secret } = {};
  /** Which operation a view opens; a new view begins where the last one was. */
  selected: string | null = null;
  private readonly drafts = new Map<string, Draft>();
  private readonly consoles = new Map<string, Console>();
  private readonly seen = new Map<string, string>();
  private readonly listeners = new Set<() => void>();

  constructor(model: Model, signal: AbortSignal) {
    const listener = {
      apply: applyDelta,
      changed: (): void => this.changed(),
      delta: (delta: DeltaMessage, before: AppState): void => this.follow(delta, before),
    };
    this.kernel = new Kernel(model, listener, signal);
    void this.kernel.resync();
  }

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

  select(id: string): void {
    this.selected = id;
    this.changed();
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

  /** Send what is filled in; the answer, or why there is none, is shown at the operation. */
  async send(from: Console): Promise<void> {
    const { id } = from.operation;
    if (this.pending.has(id)) return;
    const draft = this.draft(from);
    const pending: Pending = { id: "", since: Date.now(), stream: null };
    this.pending.set(id, pending);
    this.changed();
    try {
      const sent = this.kernel.command("send", await this.request(from), (piece) => {
        pending.stream ??= new Stream();
        pending.stream.add(piece as unknown as Streamed);
        this.changed();
      });
      pending.id = sent.id;
      pending.since = Date.now();
      this.answers.set(id, { exchange: (await sent.result) as ExchangeState, error: null, draft, stream: null });
    } catch (error) {
      const { kind, message } =
        error instanceof CommandError ? error : { kind: "failed" as const, message: String(error) };
      this.answers.set(id, { exchange: null, error: { kind, message }, draft, stream: pending.stream });
    } finally {
      this.pending.delete(id);
      this.changed();
    }
  }

  /** End the operation's request; its own reply says that it was cancelled. */
  cancel(id: string): void {
    const pending = this.pending.get(id);
    if (pending?.id) this.kernel.cancel(pending.id);
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

  /** What the last run changed in the OpenAPI document, as the lines of a diff; of one operation or of all. */
  async difference(operation: string | null): Promise<string[]> {
    return (await this.kernel.command("difference", { operation }).result) as string[];
  }

  setSecret(scheme: string, secret: Secret | null): void {
    const { [scheme]: _former, ...others } = this.secrets;
    this.secrets = secret ? { ...others, [scheme]: secret } : others;
    this.changed();
  }

  /** The marks that are still news: "new" and "changed" go when a person says that they were seen. */
  marksOf({ id, marks }: OperationState): OperationState["marks"] {
    if (this.seen.get(id) !== JSON.stringify(marks)) return marks;
    return marks.filter(({ kind }) => kind !== "new" && kind !== "changed");
  }

  markSeen(): void {
    for (const { id, marks } of this.kernel.state?.operations ?? []) this.seen.set(id, JSON.stringify(marks));
    this.changed();
  }

  /** An operation whose path or method changed takes its inputs and its place in the view along. */
  private follow(delta: DeltaMessage, before: AppState): void {
    for (const { id } of delta.set ?? []) this.seen.delete(id);
    for (const id of delta.removed ?? []) {
      const next = successor(id, delta, before.operations);
      const draft = this.drafts.get(id);
      if (next && draft) this.drafts.set(next, draft);
      if (next && this.selected === id) this.selected = next;
      for (const map of [this.drafts, this.consoles, this.answers, this.seen]) map.delete(id);
    }
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
