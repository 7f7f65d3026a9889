"""Imports files of bars: `python -m services.stream.importing`."""

import sys

from services.stream.importing.command import main

if __name__ == "__main__":
    sys.exit(main())
