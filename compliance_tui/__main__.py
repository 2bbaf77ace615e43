"""``python -m compliance_tui`` is the console script by another name."""

from compliance_tui.cli.main import main

if __name__ == "__main__":
    main()
