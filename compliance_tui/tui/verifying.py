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

    def show_statements(self) -> None:
        """A statement was signed, and is verified now: show it."""
        raise NotImplementedError

    @property
    def bundle(self) -> BundleSession:
        """The bundle that is open."""
        assert isinstance(self.session, BundleSession)
        return self.session

    def verify(self, done: str = "") -> None:
        """Verify again, off the UI thread; ``done`` is said when it is through."""
        self.verifying = True
        self.run_worker(partial(self._verify, self.bundle, done), thread=True, exclusive=True, group="verify")

    def _verify(self, bundle: BundleSession, done: str) -> None:
        worker, app = get_current_worker(), self.app

        def tell(progress: str) -> None:
            if not worker.is_cancelled:
                app.call_from_thread(self._told, progress)

        def core_known(found: "Verification") -> None:
            if not worker.is_cancelled:
                app.call_from_thread(self._core, bundle, found)

        job = Job(tell, lambda: worker.is_cancelled, gettext("verifying"), _size(bundle.path))
        try:
            found, loaded = bundle.verify(job, core_known)
        except CancelledError:
            app.call_from_thread(self._stopped, bundle)
        except ComplianceError as error:
            if not worker.is_cancelled:
                app.call_from_thread(self._failed, bundle, str(error))
        except OSError as error:
            if not worker.is_cancelled:
                why = (error.strerror or str(error)).lower()
                app.call_from_thread(self._failed, bundle, f"{error.filename or bundle.path}: {why}")
        except Exception as error:  # whatever a bundle sets off, it is told on the page: nobody else opened this file
            if not worker.is_cancelled:
                fault = message(
                    "a fault in compliance-tui itself ({fault}); run `compliance-tui --debug verify` on it and report it",
                    fault=type(error).__name__,
                )
                app.call_from_thread(self._failed, bundle, fault)
        else:
            if not worker.is_cancelled:
                app.call_from_thread(self._through, bundle, found, loaded, done)

    def _told(self, progress: str) -> None:
        if self.verifying:
            self.say(progress)

    def _core(self, bundle: BundleSession, found: "Verification") -> None:
        if bundle is self.app.session:
            bundle.found, bundle.complete = found, False
            self.renew()

    def _stopped(self, bundle: BundleSession) -> None:
        if bundle is self.app.session:
            self.verifying = self.statement_awaited = False
            self.renew()
            self.say(gettext("stopped: what was not looked at is unknown; F5 verifies it again"), WARN)

    def _failed(self, bundle: BundleSession, why: str) -> None:
        if bundle is self.app.session:
            self.verifying = self.statement_awaited = False
            bundle.failure, bundle.found, bundle.loaded = why, None, None
            self.app.back_to(self)
            self.renew()
            self.say("")

    def _through(self, bundle: BundleSession, found: "Verification", loaded: Loaded | None, done: str) -> None:
        if bundle is not self.app.session:
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
            self.show_statements()
            self.app.call_after_refresh(self.app.say, done)
        elif bundle.policy_fault:
            self.say(gettext("{reason}; p names your policy", reason=gettext(bundle.policy_fault)), BAD)
        elif done:
            self.app.say(done)


def _size(path: Path) -> int:
    """Bytes to read, for the progress."""
    if path.is_file():
        return path.stat().st_size
    return sum(os.lstat(os.path.join(home, name)).st_size for home, _, names in os.walk(path) for name in names)
