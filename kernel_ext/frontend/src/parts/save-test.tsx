/** A button that saves a response as a test with the suggested expectations; `%api test` changes them. */
import { useState } from "preact/hooks";
import { CommandError } from "../kernel";
import type { SavedTestDraft } from "../protocol";
import { visible } from "../words";
import { useStore } from "./context";
import { Icon } from "./icon";

export function SaveTestButton({ id }: { id: number }) {
  const { kernel } = useStore();
  const [message, setMessage] = useState("");
  const save = async (): Promise<void> => {
    try {
      const draft = (await kernel.command("draft", { id }).result) as SavedTestDraft;
      const expectations = draft.suggestions.filter(({ is_chosen }) => is_chosen).map(({ expectation }) => expectation);
      await kernel.command("save", { id, name: draft.name, expectations }).result;
      setMessage(`Saved as "${draft.name}" in ${draft.file}. %api test shows and runs it.`);
    } catch (error) {
      setMessage(error instanceof CommandError ? error.message : String(error));
    }
  };
  return (
    <>
      <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" onClick={() => void save()}>
        <Icon name="flask" />
        Save as test
      </button>
      <span class="rb-small rb-2" role="status">
        {visible(message)}
      </span>
    </>
  );
}
