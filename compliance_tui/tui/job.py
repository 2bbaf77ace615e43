"""A long piece of work in a thread: how far it is, how long it may still take, and how it is stopped."""

import time
from collections.abc import Callable

from compliance_tui.safe.language import gettext
from compliance_tui.tui.show import bar, size

# A line that changes more often than this costs more than it tells; each change is a call across threads.
_STEP_SECONDS = 0.1


class Job:
    """What the work is given: it tells how far it is, and asks whether it should stop."""

    def __init__(self, show: Callable[[str], None], cancelled: Callable[[], bool], what: str, total: int) -> None:
        self.cancelled = cancelled
        self._show, self._what, self.total = show, what, total
        self._started = self._last = time.monotonic()

    def progress(self, done: int) -> None:
        """``done`` bytes are behind us."""
        present = time.monotonic()
        if present - self._last >= _STEP_SECONDS:
            self._last = present
            self._show(self.line(done, present - self._started))

    def line(self, done: int, seconds: float) -> str:
        """The state of the work in words, with a bar."""
        if self.total <= 0:
            return f"{self._what}: {size(done)} · {gettext('Esc stops')}"
        share = min(1.0, done / self.total)
        behind = gettext("{share:.0%} of {size}", share=share, size=size(self.total))
        left = " · " + gettext("{time} left", time=_span(seconds * (1 - share) / share)) if share > 0.02 else ""
        return f"{self._what}  {bar(round(share * 100), 100, 20)} {behind}{left} · {gettext('Esc stops')}"


def _span(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{max(1, whole)} s"
