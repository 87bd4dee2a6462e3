/** Credentials for the schemes that an operation asks for; the kernel holds them until it ends. */
import { useState } from "preact/hooks";
import type { Scheme } from "../auth";
import { type Requirement } from "../operation";
import { visible } from "../words";
import { useFormStore, useUid } from "./context";
import { Icon } from "./icon";

const NEEDS: { [kind in Scheme["kind"]]: string } = {
  key: "an API key",
  basic: "a user and password",
  bearer: "a token",
  password: "a user and password",
};

function SignIn({ scheme, onDone }: { scheme: Scheme; onDone: () => void }) {
  const store = useFormStore();
  const id = `${useUid()}-auth-${scheme.name}`;
  const [user, setUser] = useState(store.signedIn(scheme)?.user ?? "");
  const [secret, setSecret] = useState("");
  const [problem, setProblem] = useState("");
  const hasUser = scheme.kind === "basic" || scheme.kind === "password";
  const submit = async (): Promise<void> => {
    const refused = await store.signIn(scheme, user, secret);
    setProblem(refused ?? "");
    if (refused === null) onDone();
  };
  return (
    <form
      class="rb-line"
      aria-label={`Credentials for ${visible(scheme.name)}`}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {hasUser && (
        <label class="rb-line" for={`${id}-user`}>
          user
          <input
            class="rb-input rb-input--name"
            id={`${id}-user`}
            autocomplete="off"
            value={user}
            onInput={({ currentTarget }) => setUser(currentTarget.value)}
          />
        </label>
      )}
      <label class="rb-line" for={`${id}-secret`}>
        {hasUser ? "password" : scheme.kind === "key" ? "key" : "token"}
        <input
          class="rb-input rb-input--name"
          id={`${id}-secret`}
          type="password"
          autocomplete="off"
          value={secret}
          onInput={({ currentTarget }) => setSecret(currentTarget.value)}
        />
      </label>
      <button class="rb-btn rb-btn--small" type="submit" disabled={!secret}>
        {scheme.kind === "password" ? "Sign in" : "Use"}
      </button>
      <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={onDone}>
        Cancel
      </button>
      {problem && (
        <span class="rb-small" role="alert">
          <Icon name="error" /> {visible(problem)}
        </span>
      )}
    </form>
  );
}

function SchemeLine({ scheme, scopes }: { scheme: Scheme; scopes: string[] }) {
  const store = useFormStore();
  const [isOpen, setOpen] = useState(false);
  const given = store.signedIn(scheme);
  if (isOpen) return <SignIn scheme={scheme} onDone={() => setOpen(false)} />;
  return (
    <>
      <span>
        {given ? (
          <>
            {given.user ? (
              <>
                Signed in as <strong>{visible(given.user)}</strong>
              </>
            ) : (
              "Filled in"
            )}{" "}
            <span class="rb-2">{visible(scheme.label)}</span>
          </>
        ) : (
          <>
            Needs {NEEDS[scheme.kind]} <span class="rb-2">{visible(scheme.label)}</span>
          </>
        )}
      </span>
      {scopes.length > 0 && (
        <span class="rb-small">
          with{" "}
          {scopes.map((scope) => (
            <code key={scope}>{visible(scope)} </code>
          ))}
        </span>
      )}
      <span class="rb-push rb-line">
        <button
          class={`rb-btn rb-btn--small${given ? " rb-btn--quiet" : ""}`}
          type="button"
          onClick={() => setOpen(true)}
        >
          {given ? "Change" : scheme.kind === "password" || scheme.kind === "basic" ? "Sign in…" : "Fill in…"}
        </button>
        {given ? (
          <button
            class="rb-btn rb-btn--quiet rb-btn--small"
            type="button"
            onClick={() => store.signOut(scheme)}
          >
            Sign out
          </button>
        ) : (
          <span class="rb-2 rb-small">or send without, to see the refusal</span>
        )}
      </span>
    </>
  );
}

export function AuthBar({ schemes, requirements }: { schemes: Scheme[]; requirements: Requirement[] }) {
  return (
    <>
      {schemes.map((scheme) => (
        <div class="rb-auth" role="group" aria-label={`Authentication: ${visible(scheme.name)}`} key={scheme.name}>
          <Icon name="lock" />
          <SchemeLine scheme={scheme} scopes={requirements.flatMap((requirement) => requirement[scheme.name] ?? [])} />
        </div>
      ))}
    </>
  );
}
