"""The step for anything else: a Python function."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from routebook_kernel.learn.answers import Answer
from routebook_kernel.learn.outcomes import Missed, Outcome, Unavailable
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.steps import Mistakes, hint_for, numbers
from routebook_kernel.learn.usual import usual_hint


def do(
    title: str,
    function: Callable[[Probe], object],
    *,
    asked: str = "",
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
) -> "Do":
    """Anything else: a function that takes a `Probe` and raises `Missed`, or fails an `assert`, where all is not well.

    Args:
        title: A statement.
        function: It sends requests (`probe.get("/books")`), reads variables, calls functions of the learner's.
        asked: What is asked, in words; `Missed(asked=…)` goes before it.
        mistakes: Hints by the last answer that the function saw, where it raised without one.
        needs: Which steps must pass first.
    """
    return Do(title, function, asked, mistakes or {}, numbers(needs))


@dataclass(frozen=True, slots=True)
class Do:
    """A function that tries something; made by `do`."""

    title: str
    function: Callable[[Probe], object]
    asked: str
    mistakes: Mistakes
    needs: tuple[int, ...] = ()

    def run(self, probe: Probe) -> Outcome:
        """Call it."""
        probe.last = None
        outcome = Outcome(self.title, "failed", asked=self.asked, needs=self.needs)
        try:
            self.function(probe)
        except Unavailable:
            raise
        except Missed as missed:
            outcome = replace(outcome, asked=missed.asked or self.asked, came=missed.came, hint=missed.hint)
        except AssertionError as error:
            outcome = replace(outcome, came=str(error).partition("\n")[0])
        except Exception as error:
            outcome = replace(outcome, came=f"`{type(error).__name__}: {error}`")
        else:
            return replace(outcome, kind="passed")
        return self._with_last(outcome, probe.last)

    def _with_last(self, outcome: Outcome, last: Answer | None) -> Outcome:
        if last is None:
            return replace(outcome, hint=outcome.hint or hint_for(self.mistakes, None))
        hint = outcome.hint or hint_for(self.mistakes, last, usual_hint(last) if (last.status or 500) >= 400 else "")
        return replace(outcome, sent=(str(last.sent),), answer=last, hint=hint)
