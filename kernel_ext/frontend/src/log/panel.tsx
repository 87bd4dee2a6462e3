/** The head of what stands below the list: its title, what can be done, close. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon";

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
