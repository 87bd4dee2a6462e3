/**
 * Descriptions: a small part of Markdown, built as nodes, never as markup.
 *
 * Paragraphs, headings, lists, fenced code, `code`, **strong**, *emphasis*, links to http and https. Everything else
 * stands as it was written.
 */
import type { ComponentChildren } from "preact";
import { visible } from "../words";

export type Block =
  | { kind: "paragraph" | "heading"; text: string }
  | { kind: "list"; items: string[]; isOrdered: boolean }
  | { kind: "code"; text: string };

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;

/** Split a description into blocks. */
export function blocks(source: string): Block[] {
  const found: Block[] = [];
  let fence: string[] | null = null;
  let isOpen = false;
  for (const line of source.split(/\r?\n/)) {
    const last = found.at(-1);
    if (/^\s*```/.test(line)) {
      if (fence) found.push({ kind: "code", text: fence.join("\n") });
      fence = fence ? null : [];
      isOpen = false;
    } else if (fence) {
      fence.push(line);
    } else if (!line.trim()) {
      isOpen = false;
    } else if (/^#{1,6}\s/.test(line)) {
      found.push({ kind: "heading", text: line.replace(/^#+\s+/, "") });
      isOpen = false;
    } else {
      const item = ITEM.exec(line);
      if (item) {
        const isOrdered = item[1] !== undefined;
        if (isOpen && last?.kind === "list" && last.isOrdered === isOrdered) last.items.push(item[2] ?? "");
        else found.push({ kind: "list", items: [item[2] ?? ""], isOrdered });
      } else if (isOpen && last?.kind === "list") {
        last.items[last.items.length - 1] += ` ${line.trim()}`;
      } else if (isOpen && last?.kind === "paragraph") {
        last.text += ` ${line.trim()}`;
      } else {
        found.push({ kind: "paragraph", text: line.trim() });
      }
      isOpen = true;
    }
  }
  if (fence) found.push({ kind: "code", text: fence.join("\n") });
  return found;
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])[*_]([^*_]+)[*_](?!\w)|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g;

function inline(text: string): ComponentChildren[] {
  const nodes: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis, label, href] = match;
    nodes.push(text.slice(end, match.index));
    end = match.index + whole.length;
    if (code !== undefined) nodes.push(<code>{code}</code>);
    else if (strong !== undefined) nodes.push(<strong>{strong}</strong>);
    else if (emphasis !== undefined) nodes.push(<em>{emphasis}</em>);
    else
      nodes.push(
        <a href={href ?? ""} target="_blank" rel="noopener noreferrer">
          {label}
        </a>,
      );
  }
  return [...nodes, text.slice(end)];
}

export function Markdown({ source }: { source: string }) {
  return (
    <div class="rb-prose rb-2">
      {blocks(visible(source.slice(0, 20_000))).map((block, index) => {
        switch (block.kind) {
          case "code":
            return (
              <pre key={index} class="rb-code rb-code--plain" tabIndex={0}>
                {block.text}
              </pre>
            );
          case "heading":
            return (
              <p key={index}>
                <strong>{inline(block.text)}</strong>
              </p>
            );
          case "list": {
            const items = block.items.map((item, at) => <li key={at}>{inline(item)}</li>);
            return block.isOrdered ? <ol key={index}>{items}</ol> : <ul key={index}>{items}</ul>;
          }
          default:
            return <p key={index}>{inline(block.text)}</p>;
        }
      })}
    </div>
  );
}
