"""Where the data that ships with the program lies: the standard packs and the evidence kinds."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Folder of shipped data called ``name`` (``standards`` or ``evidence``).

    An installed wheel carries it inside the package; a checkout keeps it at the top, where people edit it.
    """
    inside = _PACKAGE / "shipped_data" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
