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
      event.stopPropagation(); // nothing that is pressed here reaches the notebook
      onKeyDown(event);
    }}
  >
    {children}
  </section>
);
