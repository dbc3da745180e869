"""Links that are mailed: whoever follows one has proved to read the mail."""

from contracts.problems import Problem, Text


class LinkExpired(Problem):
    """One answer for a link that is wrong, too old, used or replaced, so that it tells them apart for nobody."""

    status = 410
    title = Text("Ce lien ne fonctionne plus", "This link does not work any more")

    def __init__(self, what_to_do: Text) -> None:
        super().__init__(what_to_do)
