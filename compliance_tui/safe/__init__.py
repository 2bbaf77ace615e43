"""Everything that touches untrusted bytes: guarded TOML and JSON, text for screens, safe and atomic files."""
