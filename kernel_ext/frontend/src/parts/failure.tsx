/** An exception that became a 500: one sentence, then the frames that are the user's own, innermost first. */
import type { Failure, Frame, Raised, ValidationIssue } from "../protocol";
import { plural, shorten, visible } from "../words";
import { CellLink } from "./badges";

function Where({ frame }: { frame: Frame }) {
  if (frame.cell) return <CellLink cell={{ ...frame.cell, line: frame.line }} />;
  return (
    <span>
      {visible(frame.file ?? "unknown file")}, line {frame.line}
    </span>
  );
}

function FrameView({ frame, isInnermost }: { frame: Frame; isInnermost: boolean }) {
  const values = Object.entries(frame.values);
  return (
    <li class="rb-frame">
      <div class="rb-frame__h">
        <h5>
          <Where frame={frame} />
        </h5>
        <code>{visible(frame.function)}</code>
        <span class="rb-small rb-2 rb-push">{isInnermost ? "it broke here" : "called it"}</span>
      </div>
      <pre class="rb-code" role="group" tabIndex={0} aria-label={`Line ${frame.line}`}>
        <code>
          <span class={`rb-l ${isInnermost ? "is-bad" : "is-on"}`} data-n={frame.line}>
            {visible(frame.source)}
          </span>
        </code>
      </pre>
      {values.length > 0 && (
        <dl class="rb-facts rb-values">
          {values.map(([name, value]) => [
            <dt key={`n${name}`}>
              <code>{visible(name)}</code>
            </dt>,
            <dd key={`v${name}`}>
              <code>{visible(shorten(value, 300))}</code>
            </dd>,
          ])}
        </dl>
      )}
    </li>
  );
}

/** Where an exception that a handler answered was raised: the line behind a 404. */
export const RaisedView = ({ raised: { type, function: name, cell, file, line } }: { raised: Raised }) => (
  <p class="rb-small">
    <code>{visible(type)}</code> was raised in <code>{visible(name)}</code>,{" "}
    {cell ? <CellLink cell={cell} /> : `${visible(file ?? "unknown file")}${line === null ? "" : `, line ${line}`}`}
  </p>
);

/** What was returned and does not fit the response model: rule by rule. */
function Unfit({ issues }: { issues: ValidationIssue[] }) {
  return (
    <dl class="rb-facts rb-values">
      {issues.map((issue, index) => [
        <dt key={`n${index}`}>
          <code>{visible(issue.field || "the answer")}</code>
        </dt>,
        <dd key={`v${index}`}>
          {visible(issue.rule)}; it is{" "}
          <code>{issue.is_missing ? "missing" : visible(shorten(String(issue.sent), 200))}</code>
        </dd>,
      ])}
    </dl>
  );
}

export function FailureView({ failure, issues }: { failure: Failure; issues: ValidationIssue[] }) {
  const frames = [...failure.frames].reverse();
  const innermost = frames[0];
  const unfit = issues.filter(({ source }) => source === "response");
  const { type, message } = failure;
  return (
    <div class="rb-err" role="alert">
      <p class="rb-err__lead">
        {unfit.length ? (
          "What was returned does not fit the response model"
        ) : (
          <>
            <code>{visible(failure.type)}</code> was raised
          </>
        )}
        {innermost && (
          <>
            {" "}
            in <code>{visible(innermost.function)}</code>, <Where frame={innermost} />
          </>
        )}
      </p>
      <p class="rb-err__exc">
        {/* Its message says in pydantic's words what stands below in ours. */}
        <code>{visible(shorten(message && !unfit.length ? `${type}: ${message}` : type, 2000))}</code>
      </p>
      {unfit.length > 0 && <Unfit issues={unfit} />}
      <ol class="rb-frames">
        {frames.map((frame, index) => (
          <FrameView key={index} frame={frame} isInnermost={index === 0} />
        ))}
        {failure.folded > 0 && (
          <li class="rb-frame rb-frame--fold">
            {plural(failure.folded, "frame")} of Routebook and of libraries{" "}
            {frames.length ? "folded away" : "and none of yours"}
          </li>
        )}
      </ol>
    </div>
  );
}
