/** The list of a 422's errors, above form and response: the same numbers as at the fields and in the JSON. */
import type { NumberedIssue } from "../issues";
import { type Value, print } from "../json";
import { plural, shorten, visible } from "../words";
import { Icon } from "./icon";

export function ErrorList({
  issues,
  open,
  idOf,
  endpoint,
  onGo,
}: {
  issues: NumberedIssue[];
  /** Those whose value is still the one that was sent. */
  open: NumberedIssue[];
  /** The id of an issue's line. */
  idOf: (number: number) => string;
  endpoint: string;
  onGo: (issue: NumberedIssue) => void;
}) {
  const head = idOf(0);
  return (
    <section class="rb-errors" role="alert" aria-labelledby={head}>
      <div class="rb-line">
        <h4 id={head} tabIndex={-1}>
          <Icon name="warn" />
          {plural(issues.length, "value was", "values were")} refused
          {endpoint && (
            <>
              , so <code>{visible(endpoint)}</code> did not run
            </>
          )}
        </h4>
        <span class="rb-push rb-small rb-2">
          next <kbd>F8</kbd>
        </span>
      </div>
      <ol>
        {issues.map((numbered) => {
          const { number, issue, field } = numbered;
          return (
            <li key={number}>
              <button class="rb-errors__line" type="button" id={idOf(number)} onClick={() => onGo(numbered)}>
                <span class="rb-n">{number}</span>
                <code>{visible(field)}</code>
                <code class="rb-errors__sent">
                  {issue.is_missing ? "" : visible(shorten(print(issue.sent as Value, 0), 60))}
                </code>
                <span>
                  {visible(issue.rule)}
                  {!open.includes(numbered) && <span class="rb-2"> · changed since</span>}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
