"""The rating of the jailbreak standard, from the points that were published for it, and somebody else's scale beside it."""

from typing import Any

from compliance_tui.standard.scale import RatingScale

POINTS = {
    "uplift": (0, 10, 20, 30, 40),
    "breadth": (0, 8, 14, 20),
    "ease": (0, 7, 13, 20),
    "transfer": (0, 5, 10),
    "exposure": (0, 5, 10),
}
# Hours of the clocks: triage, contain, proven fix, tell partners, tell authorities when late.
BANDS: dict[str, tuple[int, tuple[int | None, ...]]] = {
    "J0": (0, (None, None, None, None, None)),
    "J1": (1, (168, 1440, 2160, None, None)),
    "J2": (35, (72, 336, 1080, 336, None)),
    "J3": (60, (24, 72, 336, 72, 72)),
    "J4": (80, (4, 24, 168, 24, 72)),
}
MODIFIERS = {
    "detection": {"none": 0, "swept": -5, "live": -10},
    "fix": {"open": 0, "interim": -10, "proven": -25},
    "wild": {"no": 0, "yes": 10},
    "chain": {"no": 0, "yes": 5},
    "no-fix": {"no": 0, "yes": 5},
}
CLOCKS = ("triage", "contain", "fix", "notify", "authority")


def table() -> dict[str, Any]:
    """The scale as a pack writes it."""
    return {
        "id": "jsr",
        "title": "Jailbreak severity",
        "zero_axis": "uplift",
        "axes": [
            {"id": axis, "title": axis, "levels": [{"points": one, "anchor": f"{axis} {one}"} for one in points]}
            for axis, points in POINTS.items()
        ],
        "bands": [
            {
                "id": band,
                "floor": floor,
                **{f"{name}_hours": hour for name, hour in zip(CLOCKS, hours, strict=True) if hour is not None},
            }
            for band, (floor, hours) in BANDS.items()
        ],
        "modifiers": [
            {
                "id": name,
                "title": name,
                "options": [{"id": one, "title": one, "points": points} for one, points in options.items()],
            }
            for name, options in MODIFIERS.items()
        ],
        "most_bands_down": 1,
        "most_bands_down_until": "fix=proven",
        "hastened": [{"from": {"tier": "T3"}, "clocks": ["contain", "fix"], "percent": 50}],
    }


def outside_table() -> dict[str, Any]:
    """A scale of somebody else on a grid of halves, in half points, as the second sources of July 2026 tell it."""
    grid = ("0", "1", "1.5", "2")
    axes = {"gain": ("0", "1", "2", "3", "4"), "breadth": grid, "weaponisation": grid, "discoverability": grid}
    return {
        "id": "cjs",
        "title": "Somebody else's draft",
        "outside": True,
        "zero_axis": "gain",
        "axes": [
            {
                "id": axis,
                "title": axis,
                "levels": [{"points": int(float(one) * 2), "anchor": one, "value": one} for one in values],
            }
            for axis, values in axes.items()
        ],
        "bands": [{"id": f"CJS-{number}", "floor": floor} for number, floor in enumerate((0, 2, 8, 14, 18))],
    }


def ours() -> RatingScale:
    """The jailbreak scale."""
    return RatingScale.model_validate(table())


def theirs() -> RatingScale:
    """The other scale."""
    return RatingScale.model_validate(outside_table())
