/** The frame that every view stands in: a landmark with a name, where JupyterLab's own keys rest. */
import type { ComponentChildren } from "preact";

interface CardProps {
  label: string;
  isBusy?: boolean;
  onKeyDown: (event: KeyboardEvent) => void;
  children: ComponentChildren;
}

export const Card = ({ label, isBusy, onKeyDown, children }: CardProps) => (
  <section
    class="rb-card"
    aria-label={label}
    aria-busy={isBusy}
    data-lm-suppress-shortcuts="true"
    onKeyDown={(event) => {
      // Nothing that is pressed here reaches the notebook; a view around this one has keys of its own.
      if (!event.currentTarget.parentElement?.closest(".rb-card")) event.stopPropagation();
      onKeyDown(event);
    }}
  >
    {children}
  </section>
);
