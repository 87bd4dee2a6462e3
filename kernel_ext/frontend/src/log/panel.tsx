/** What every panel below the list begins with: its title, what can be done, close; or why it cannot be had. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon";
import { visible } from "../words";

export function PanelHead({
  id,
  title,
  isFocused,
  onClose,
  children,
}: {
  id: string;
  title: ComponentChildren;
  /** Whether the title takes the focus when it appears. */
  isFocused: boolean;
  onClose: () => void;
  children?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isFocused) heading.current?.focus({ preventScroll: true });
  }, [id]);
  return (
    <div class="rb-part">
      <h3 id={id} ref={heading} tabIndex={-1}>
        {title}
      </h3>
      <span class="rb-push rb-line">
        {children}
        <button class="rb-btn rb-btn--quiet rb-btn--small" type="button" data-key="close" onClick={onClose}>
          <Icon name="x" />
          Close
        </button>
      </span>
    </div>
  );
}

export const Refusal = ({ text }: { text: string }) => (
  <div class="rb-note" data-n="warn" role="alert">
    <Icon name="warn" />
    <div>{visible(text)}</div>
  </div>
);
