"""Our themes: dark, light, high contrast, and the terminal's own colours.

Every word of the first three has a contrast of at least 4.5 to 1 on what is behind it (WCAG 2.2, 1.4.3), of the third at least
7 to 1 (1.4.6); a test measures it. The fourth leaves colours to the terminal, and is what ``NO_COLOR`` gets.
"""

from textual.theme import Theme

from compliance_tui.safe.language import message


def _theme(name: str, dark: bool, colours: dict[str, str]) -> Theme:
    """A theme of ours; ``colours`` names what differs, and the variables that Textual would derive follow from them."""
    good, warn, bad, accent = (colours[one] for one in ("good", "warn", "bad", "accent"))
    return Theme(
        name=name,
        dark=dark,
        primary=colours["frame"],
        secondary=colours["frame"],
        accent=accent,
        success=good,
        warning=warn,
        error=bad,
        foreground=colours["text"],
        background=colours["ground"],
        surface=colours["raised"],
        panel=colours["bar"],
        variables={
            "block-cursor-foreground": colours["cursor-text"],
            "block-cursor-background": colours["cursor"],
            "block-cursor-blurred-foreground": colours["text"],
            "block-cursor-blurred-background": colours["cursor-away"],
            "footer-key-foreground": warn,
            "text-muted": colours["muted"],
            "text-disabled": colours["muted"],
            "text-success": good,
            "text-warning": warn,
            "text-error": bad,
            "text-accent": accent,
            "input-selection-background": colours["cursor-away"],
            "field": colours["field"],
            "field-focus": colours["field-focus"],
            "scrollbar": colours["frame"],
            "scrollbar-background": colours["ground"],
        },
    )


DARK = _theme(
    "compliance-dark",
    True,
    {
        "text": "#e6e6e6", "muted": "#a7b0ba", "ground": "#101418", "raised": "#171c22", "bar": "#1c242d", "frame": "#3d5a73",
        "cursor": "#1f4e79", "cursor-text": "#ffffff", "cursor-away": "#263542", "field": "#1a222a", "field-focus": "#1f2f3e",
        "good": "#6fcf97", "warn": "#f2c14e", "bad": "#ff8f87", "accent": "#8ab8e6",
    },
)  # fmt: skip
LIGHT = _theme(
    "compliance-light",
    False,
    {
        "text": "#1a1a1a", "muted": "#545b63", "ground": "#fbfbf8", "raised": "#f2f2ee", "bar": "#e6eaee", "frame": "#8aa2b8",
        "cursor": "#1f4e79", "cursor-text": "#ffffff", "cursor-away": "#d4e0eb", "field": "#eceff1", "field-focus": "#dbe8f4",
        "good": "#1c6b3f", "warn": "#765000", "bad": "#a3211b", "accent": "#0b4f8a",
    },
)  # fmt: skip
CONTRAST = _theme(
    "compliance-contrast",
    True,
    {
        "text": "#ffffff", "muted": "#e0e0e0", "ground": "#000000", "raised": "#000000", "bar": "#000000", "frame": "#ffffff",
        "cursor": "#ffff00", "cursor-text": "#000000", "cursor-away": "#3a3a00", "field": "#1c1c1c", "field-focus": "#00304d",
        "good": "#7dffb0", "warn": "#ffe14d", "bad": "#ffa8a0", "accent": "#7fd4ff",
    },
)  # fmt: skip
TERMINAL = Theme(
    name="compliance-terminal",
    ansi=True,
    dark=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-blurred-foreground": "ansi_default",
        "block-cursor-blurred-background": "ansi_default",
        "footer-key-foreground": "ansi_default",
        "text-muted": "ansi_default",
        "text-disabled": "ansi_default",
        "text-success": "ansi_green",
        "text-warning": "ansi_yellow",
        "text-error": "ansi_red",
        "text-accent": "ansi_cyan",
        "field": "ansi_default",
        "field-focus": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_blue",
        "scrollbar": "ansi_default",
        "scrollbar-background": "ansi_default",
    },
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT, CONTRAST, TERMINAL)}
TITLES = {
    DARK.name: message("dark"),
    LIGHT.name: message("light"),
    CONTRAST.name: message("high contrast"),
    TERMINAL.name: message("your terminal's own colours"),
}
