"""Which health insurance regimes have their accounts here (domain F07). A regime is one line of the table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.problems import Problem, Text


class Standing(StrEnum):
    """What a regime is to this service."""

    COVERED = "covered"
    PARTNER = "partner"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Regime:
    """A regime; one that is elsewhere names the portal of its own."""

    name: str
    standing: Standing
    portal: str = ""


REGIMES: Mapping[str, Regime] = {
    "general": Regime("régime général", Standing.COVERED),
    "camieg": Regime("CAMIEG (industries électriques et gazières)", Standing.PARTNER),
    "canssm": Regime("CANSSM (mines)", Standing.PARTNER),
    "cavimac": Regime("CAVIMAC (cultes)", Standing.PARTNER),
    "cnmss": Regime("CNMSS (militaires)", Standing.PARTNER),
    "crpcen": Regime("CRPCEN (notariat)", Standing.PARTNER),
    "enim": Regime("ENIM (marins)", Standing.PARTNER),
    "lmde": Regime("LMDE", Standing.PARTNER),
    "lmg": Regime("LMG", Standing.PARTNER),
    "mgp": Regime("MGP", Standing.PARTNER),
    "mnh": Regime("MNH", Standing.PARTNER),
    "mgen": Regime("MGEN", Standing.ELSEWHERE, "https://www.mgen.fr"),
    "msa": Regime("MSA (régime agricole)", Standing.ELSEWHERE, "https://www.msa.fr"),
}


class RegimeNotCovered(Problem):
    """The person is insured, but this account belongs to other regimes; theirs has a portal of its own."""

    status = 422
    title = Text("Votre régime a son propre portail", "Your regime has its own portal")

    def __init__(self, regime: Regime) -> None:
        super().__init__(
            Text(
                f"Vous dépendez de : {regime.name}. Créez votre compte sur {regime.portal}.",
                f"You depend on: {regime.name}. Create your account on {regime.portal}.",
            ),
            portal=regime.portal,
        )


def check_covered(code: str) -> None:
    """Raises RegimeNotCovered for a regime that is elsewhere."""
    if (regime := REGIMES[code]).standing is Standing.ELSEWHERE:
        raise RegimeNotCovered(regime)
