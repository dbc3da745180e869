"""How hard abuse is tried: as its row says with ABUSE=full, else just enough to fail when something is wrong.

ABUSE=untimed leaves out the bars on how long others wait (tests/pace.py).
"""

import os

FULL = os.environ.get("ABUSE") == "full"


def scaled(full: int, usual: int) -> int:
    """The number of tries of this run."""
    return full if FULL else usual
