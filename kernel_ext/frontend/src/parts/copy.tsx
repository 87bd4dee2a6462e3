/** Copying and saving: by the browser, without a round trip to the kernel. */
import { useState } from "preact/hooks";
import { Icon } from "./icon";

/** Put text on the clipboard; where the page has no access to it (plain http), by way of a hidden field. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
    field.style.cssText = "position:fixed;opacity:0";
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    return isCopied;
  }
}

export function CopyButton({ text, name, word }: { text: () => string; name: string; word?: string }) {
  const [said, say] = useState("");
  const copy = async (): Promise<void> => {
    say((await copyText(text())) ? "Copied" : "Not allowed");
    setTimeout(() => say(""), 1500);
  };
  return (
    <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" aria-label={name} title={name} onClick={copy}>
      <Icon name={said === "Copied" ? "check" : "copy"} />
      <span role="status">{said || word}</span>
    </button>
  );
}

/** Let the browser save bytes as a file. */
export function save(parts: BlobPart[], mediaType: string, name: string): void {
  // A type that the browser would open as a page is never given to it.
  const url = URL.createObjectURL(
    new Blob(parts, { type: /html|svg|xml/.test(mediaType) ? "application/octet-stream" : mediaType }),
  );
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
