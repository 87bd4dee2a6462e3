/** What a trace is compared with. */
import type { TraceLine } from "../protocol";
import { lineOptions } from "./trace-panel";

export const CompareWith = ({
  others,
  chosen,
  onChoose,
}: {
  others: TraceLine[];
  chosen: number | null;
  onChoose: (id: number | null) => void;
}) => (
  <label class="rb-small">
    Compare with
    <select
      class="rb-select"
      data-key="compare"
      value={chosen ?? ""}
      onChange={({ currentTarget }) => onChoose(currentTarget.value ? Number(currentTarget.value) : null)}
    >
      <option value="">nothing</option>
      {lineOptions(others)}
    </select>
  </label>
);
