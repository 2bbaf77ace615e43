"""A list, and the text about what is under its cursor: side by side, or one above the other where the terminal is narrow."""

from textual.containers import Horizontal


class Halves(Horizontal):
    """The text is the one with the id ``right``; a page gives other shares of width and height by its own style."""

    SCOPED_CSS = False  # it is the page that knows whether it is narrow
    DEFAULT_CSS = """
    Halves {
        height: 1fr;
        & > * { width: 1fr; }
        & > #right { border-left: vkey $primary; }
    }
    .-narrow Halves {
        layout: vertical;
        & > * { width: 100%; height: 1fr; }
        & > #right { width: 100%; border-left: none; border-top: hkey $primary; }
    }
    """
