/** A request, copied as code in a language that the person chooses. */
import { useState } from "preact/hooks";
import { LANGUAGES, type Language } from "../code";
import { copyText } from "./copy";

export function CopyAs({ write }: { write: (language: Language) => string | Promise<string> }) {
  const [said, say] = useState("");
  const copy = async (language: Language): Promise<void> => {
    const code = await Promise.resolve(write(language)).catch(() => null);
    if (code === null) say("The kernel does not answer");
    else say((await copyText(code)) ? `Copied as ${language}` : "Copying is not allowed here");
    setTimeout(() => say(""), 2000);
  };
  return (
    <span class="rb-send__copy">
      <select
        class="rb-select"
        aria-label="Copy the request as"
        value=""
        onChange={({ currentTarget }) => {
          const language = currentTarget.value as Language;
          currentTarget.value = "";
          void copy(language);
        }}
      >
        <option value="">Copy as</option>
        {LANGUAGES.map((language) => (
          <option key={language}>{language}</option>
        ))}
      </select>
      <span class="rb-said rb-small" role="status">
        {said}
      </span>
    </span>
  );
}
