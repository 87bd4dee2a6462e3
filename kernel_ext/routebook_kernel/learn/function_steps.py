"""Steps that call a function of the check."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from routebook_kernel.learn.common_mistakes import find_common_hint
from routebook_kernel.learn.old_names import accept_old_keywords
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.responses import ProbeResponse
from routebook_kernel.learn.step_results import CheckFailedError, CheckSkippedError, StepResult
from routebook_kernel.learn.steps import Mistakes, find_hint, step_numbers


@accept_old_keywords(asked="expected")
def do(
    title: str,
    function: Callable[[Probe], object],
    *,
    expected: str = "",
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
) -> "FunctionStep":
    """Return a step that calls a function, which raises `CheckFailedError` or fails an `assert` if something is wrong.

    Args:
        title: A statement.
        function: Takes a `Probe`: sends requests (`probe.get("/books")`), reads variables, calls functions.
        expected: What is expected, in words; `CheckFailedError(expected=…)` overrides it.
        mistakes: Hints for the last response that the function got, if it raised without a hint.
        needs: The steps that must pass first.
    """
    return FunctionStep(title, function, expected, mistakes or {}, step_numbers(needs))


@dataclass(frozen=True, slots=True)
class FunctionStep:
    """A step that calls a function; created by `do`."""

    title: str
    function: Callable[[Probe], object]
    expected: str
    mistakes: Mistakes
    needs: tuple[int, ...] = ()

    def run(self, probe: Probe) -> StepResult:
        """Call it."""
        probe.last = None
        result = StepResult(self.title, "failed", expected=self.expected, needs=self.needs)
        try:
            self.function(probe)
        except CheckSkippedError:
            raise
        except CheckFailedError as failed:
            expected = failed.expected or self.expected
            result = replace(result, expected=expected, actual=failed.actual, hint=failed.hint)
        except AssertionError as error:
            result = replace(result, actual=str(error).partition("\n")[0])
        except Exception as error:
            result = replace(result, actual=f"`{type(error).__name__}: {error}`")
        else:
            return replace(result, status="passed")
        return self._add_response(result, probe.last)

    def _add_response(self, result: StepResult, last: ProbeResponse | None) -> StepResult:
        if last is None:
            return replace(result, hint=result.hint or find_hint(self.mistakes, None))
        common_hint = find_common_hint(last) if (last.status or 500) >= 400 else ""
        hint = result.hint or find_hint(self.mistakes, last, common_hint)
        return replace(result, sent=(str(last.sent),), response=last, hint=hint)
