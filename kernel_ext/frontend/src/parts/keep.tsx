/** Keeps an answer as a test, with the expectations that suggest themselves; `%api test` changes them. */
import { useState } from "preact/hooks";
import { CommandError } from "../kernel";
import type { TestDraft } from "../protocol";
import { visible } from "../words";
import { useStore } from "./context";
import { Icon } from "./icon";

export function Keep({ id }: { id: number }) {
  const { kernel } = useStore();
  const [said, say] = useState("");
  const keep = async (): Promise<void> => {
    try {
      const draft = (await kernel.command("draft", { id }).result) as TestDraft;
      const expect = draft.suggestions.filter(({ is_chosen }) => is_chosen).map(({ expectation }) => expectation);
      await kernel.command("keep", { id, name: draft.name, expect }).result;
      say(`Kept as "${draft.name}" in ${draft.file}. %api test shows and runs it.`);
    } catch (error) {
      say(error instanceof CommandError ? error.message : String(error));
    }
  };
  return (
    <>
      <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={() => void keep()}>
        <Icon name="flask" />
        Keep as a test
      </button>
      <span class="rb-small rb-2" role="status">
        {visible(said)}
      </span>
    </>
  );
}
