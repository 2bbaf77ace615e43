"""Verifying a bundle while its page is looked at: in a thread, the core first, then every file; it can be stopped."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.worker import get_current_worker

from compliance_tui.safe.errors import CancelledError, ComplianceError
from compliance_tui.safe.language import gettext, message
from compliance_tui.tui.bundle_session import BundleSession
from compliance_tui.tui.job import Job
from compliance_tui.tui.page import Page
from compliance_tui.tui.session import Loaded
from compliance_tui.tui.show import BAD, WARN

if TYPE_CHECKING:
    from compliance_tui.bundle.verify import Verification


class Verifying(Page[None]):
    """A page on which a bundle is verified. What is found is put into the session, and every page shown anew."""

    def __init__(self) -> None:
        super().__init__()
        self.verifying = False
        self.statement_awaited = False
        # How many verifications were begun: what an earlier one still has to tell is of no interest. And of which bytes.
        self._begun = 0
        self._stamp: tuple[int, ...] = ()

    def show_statements(self, done: str) -> None:
        """A statement was signed, and is verified now: show it, and say what was done."""
        raise NotImplementedError

    @property
    def bundle(self) -> BundleSession:
        """The bundle that is open."""
        assert isinstance(self.session, BundleSession)
        return self.session

    def verify(self, done: str = "") -> None:
        """Verify again, off the UI thread; ``done`` is said when it is through. What is under way already goes on."""
        stamp = self.bundle.stamp()
        if self.verifying and stamp == self._stamp and not done:
            return
        self._begun, self._stamp, self.verifying = self._begun + 1, stamp, True
        work = partial(self._verify, self.bundle, self._begun, done)
        self.run_worker(work, thread=True, exclusive=True, group="verify")

    def _verify(self, bundle: BundleSession, run: int, done: str) -> None:
        worker, app = get_current_worker(), self.app

        def tell(progress: str) -> None:
            if not worker.is_cancelled:
                app.call_from_thread(self._told, progress)

        def core_known(found: "Verification") -> None:
            if not worker.is_cancelled:
                app.call_from_thread(self._core, bundle, run, found)

        job = Job(tell, lambda: worker.is_cancelled, gettext("verifying"), _size(bundle.path))
        try:
            found, loaded = bundle.verify(job, core_known)
        except CancelledError:
            app.call_from_thread(self._stopped, bundle, run)
        except ComplianceError as error:
            if not worker.is_cancelled:
                app.call_from_thread(self._failed, bundle, run, str(error))
        except OSError as error:
            if not worker.is_cancelled:
                why = (error.strerror or str(error)).lower()
                app.call_from_thread(self._failed, bundle, run, f"{error.filename or bundle.path}: {why}")
        except Exception as error:  # whatever a bundle sets off, it is told on the page: nobody else opened this file
            if not worker.is_cancelled:
                fault = message(
                    "a fault in compliance-tui itself ({fault}); run `compliance-tui --debug verify` on it and report it",
                    fault=type(error).__name__,
                )
                app.call_from_thread(self._failed, bundle, run, fault)
        else:
            if not worker.is_cancelled:
                app.call_from_thread(self._through, bundle, run, found, loaded, done)

    def _of_interest(self, bundle: BundleSession, run: int) -> bool:
        return bundle is self.app.session and run == self._begun

    def _told(self, progress: str) -> None:
        if self.verifying:
            self.say(progress)

    def _core(self, bundle: BundleSession, run: int, found: "Verification") -> None:
        if self._of_interest(bundle, run):
            bundle.found, bundle.complete = found, False
            self.renew()

    def _stopped(self, bundle: BundleSession, run: int) -> None:
        if self._of_interest(bundle, run):
            if bundle.loaded is not None:
                bundle.loaded.stamp = bundle.stamp()  # whoever stopped it does not want it to begin again by itself
            self.verifying = self.statement_awaited = False
            self.renew()
            self.say(gettext("stopped: what was not looked at is unknown; F5 verifies it again"), WARN)

    def _failed(self, bundle: BundleSession, run: int, why: str) -> None:
        if self._of_interest(bundle, run):
            self.verifying = self.statement_awaited = False
            bundle.failure, bundle.found, bundle.loaded = why, None, None
            self.app.back_to(self)
            self.renew()
            self.say("")

    def _through(self, bundle: BundleSession, run: int, found: "Verification", loaded: Loaded | None, done: str) -> None:
        if not self._of_interest(bundle, run):
            return
        self.verifying = False
        bundle.found, bundle.complete = found, True
        self.say("")
        if loaded is None:
            bundle.loaded = None
            self.app.back_to(self)
            self.renew()
        else:
            self.app.renew(bundle, loaded, done)
        if self.statement_awaited:
            self.statement_awaited = False
            self.show_statements(done)
        elif bundle.policy_fault:
            self.say(gettext("{reason}; p names your policy", reason=gettext(bundle.policy_fault)), BAD)
        elif done:
            self.app.say(done)


def _size(path: Path) -> int:
    """Bytes to read, for the progress."""
    if path.is_file():
        return path.stat().st_size
    return sum(os.lstat(os.path.join(home, name)).st_size for home, _, names in os.walk(path) for name in names)
