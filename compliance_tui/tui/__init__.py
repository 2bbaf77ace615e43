"""The terminal UI: app, screens, widgets, style. No logic of its own: it calls what the command line calls."""
