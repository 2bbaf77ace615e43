"""Libraries in Rust under hostile bytes."""

from collections.abc import Iterator
from contextlib import contextmanager

from compliance_tui.safe.language import message


@contextmanager
def panics_too() -> Iterator[None]:
    """A library in Rust may end in a panic, which is no Exception; hostile bytes may not end the program (ValueError)."""
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(message("cannot be read")) from None
