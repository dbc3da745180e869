"""The fictional insured persons of the demo, and fresh ones for journeys that need a person without account."""

import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

FOLDER = Path(__file__).parent
REGISTER = FOLDER / "insured.ndjson"
SETTLEMENTS = FOLDER / "settlements.ndjson"
TRY = {
    "P1": "créez son compte, puis voyez ses paiements (19,00 €, 15,99 € au tiers, 16,00 €)",
    "P3": "pensionné en ALD : 30,00 € remboursés en entier",
    "P4": "commandez-lui une carte Vitale, puis une seconde : refusée",
    "P6": "numéro provisoire : la création répond comme pour tous, sans créer de compte",
    "P8": "étudiant sans médecin traitant : 7,00 € sur 30,00 €",
}


@dataclass(frozen=True)
class RegisterLine:
    """One insured person as the caisse's register gives it."""

    person_id: str
    nir: str
    birth_last_name: str
    first_name: str
    birth_date: str
    postal_code: str
    caisse: str
    regime: str = "general"
    iban: str | None = None

    def line(self) -> str:
        """The line of an NDJSON file."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})

    def form(self) -> dict[str, str]:
        """What the person types into the web form."""
        return {
            "nir": self.nir,
            "last_name": self.birth_last_name,
            "birth_date": self.birth_date,
            "postal_code": self.postal_code,
        }


def register() -> list[dict[str, Any]]:
    """The ten demo people, as in the register file."""
    return [json.loads(line) for line in REGISTER.read_text().splitlines() if line.strip()]


def person_id(name: str) -> UUID:
    """The id of a demo person: P1 to P10."""
    return uuid5(NAMESPACE_URL, f"https://compte.exemple.invalid/insured/{name}")


def somebody_new() -> RegisterLine:
    """A fictional insured person who has no account anywhere: commune 990 does not exist."""
    order = random.randrange(1, 900)
    year, month = random.randrange(60, 99), random.randrange(1, 13)
    thirteen = f"{random.choice('12')}{year}{month:02}29990{order:03}"
    return RegisterLine(
        person_id=str(uuid4()),
        nir=f"{thirteen}{97 - int(thirteen) % 97:02}",
        birth_last_name="ESSAI",
        first_name="Camille",
        birth_date=f"19{year}-{month:02}-15",
        postal_code="29200",
        caisse="29",
    )


def settlements(of: str, person: str) -> list[dict[str, Any]]:
    """The caisse's lines for a demo person, given to `person` under ids of their own."""
    mine = [line for line in settlements_file() if line["person_id"] == str(person_id(of))]
    return [{**line, "person_id": person, "settlement_id": str(uuid4())} for line in mine]


def settlements_file() -> list[dict[str, Any]]:
    """The caisse's whole settlement file."""
    return [json.loads(line) for line in SETTLEMENTS.read_text().splitlines() if line.strip()]
