"""The one way this package refuses."""


class CannotStart(Exception):
    """Nothing was left running; the text is the sentence a person reads."""
