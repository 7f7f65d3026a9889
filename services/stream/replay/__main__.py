"""Replays past offsets: `python -m services.stream.replay`."""

import sys

from services.stream.replay.command import main

if __name__ == "__main__":
    sys.exit(main())
