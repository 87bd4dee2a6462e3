/** A segmented choice of native radio buttons, so that arrow keys work and a screen reader counts them. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { useUid } from "./context";

export interface Segment<T> {
  value: T;
  label: ComponentChildren;
}

export function Segments<T>({
  name,
  choices,
  value,
  onChoose,
  describedBy,
}: {
  name: string;
  choices: Segment<T>[];
  value: T | undefined;
  onChoose: (value: T) => void;
  describedBy?: string | undefined;
}) {
  const group = `${useUid()}${useId()}`;
  return (
    <span class="rb-seg" role="radiogroup" aria-label={name} aria-describedby={describedBy}>
      {choices.map((choice, index) => (
        <label key={index}>
          <input type="radio" name={group} checked={choice.value === value} onChange={() => onChoose(choice.value)} />
          <span>{choice.label}</span>
        </label>
      ))}
    </span>
  );
}
