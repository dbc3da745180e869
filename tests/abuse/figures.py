"""What a run measured, for whoever wants to read it: `--log-cli-level=INFO`."""

import logging

_log = logging.getLogger("abuse")


def say(row: str, figures: object) -> None:
    """Note the figures of a row."""
    _log.info("%s: %s", row, figures)
