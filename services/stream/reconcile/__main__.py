"""Proves that every record is accounted for: `python -m services.stream.reconcile`."""

import sys

from services.stream.reconcile.command import main

if __name__ == "__main__":
    sys.exit(main())
