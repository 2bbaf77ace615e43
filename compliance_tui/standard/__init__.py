"""A standard: its language, loading a pack, which controls apply, checking a pack for faults of its author."""
