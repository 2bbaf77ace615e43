"""The family of errors. Each carries a stable code, an exit status, and one sentence: what, where, what to do."""


class ComplianceError(Exception):
    """Base of every error that a user may meet; ``str(error)`` is the sentence that is shown."""

    exit_status = 2

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class InputError(ComplianceError):
    """The command could not be understood, or its input could not be read (exit status 2)."""

    exit_status = 2


class BrokenError(ComplianceError):
    """The thing is broken, altered, or not what it claims to be (exit status 1)."""

    exit_status = 1


class CancelledError(ComplianceError):
    """The person stopped a long piece of work; nothing half done is left behind (exit status 130, as a shell says it)."""

    exit_status = 130

    def __init__(self) -> None:
        from compliance_tui.safe.language import message  # which itself has errors to raise

        super().__init__("cancelled", message("stopped before the end; nothing was left half done"))
