"""The fictional insured persons of the demo, and fresh ones for journeys that need a person without account."""

import json
import random
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

FOLDER = Path(__file__).parent
REGISTER = FOLDER / "insured.ndjson"
SETTLEMENTS = FOLDER / "settlements.ndjson"
TRY = {
    "P1": "créez son compte, puis voyez ses paiements (19,00 €, 15,99 € au tiers, 16,00 €)",
    "P3": "pensionné en ALD : 30,00 € remboursés en entier",
    "P4": "carte volée et opposée, qui ne prouve plus rien : créez son compte sur le site, commandez une carte",
    "P6": "numéro provisoire : la création répond comme pour tous, sans créer de compte",
    "P8": "étudiant sans médecin traitant : 7,00 € sur 30,00 €",
}

FRANCE = "99100"
# Where civil status has them born, and by whom FranceConnect knows them. P6 has a provisional number: nobody does.
# P8's place is not the one of the number, and nothing may be concluded from that.
_FRANCE_CONNECT: dict[str, dict[str, Any]] = {
    "P1": {"gender": "female", "birthplace": "29019", "given_name_array": ["Lucie", "Anne"]},
    "P2": {"gender": "male", "birthplace": "31555"},
    "P3": {"gender": "male", "birthplace": "2A004"},
    "P4": {"gender": "female", "birthplace": "2B033", "idp_id": "la-poste"},
    "P5": {"gender": "male", "birthplace": "", "birthcountry": "99352"},
    "P7": {"gender": "female", "birthplace": "75115", "email": None},
    "P8": {"gender": "male", "birthplace": "13055", "idp_id": "france-identite", "amr": ["pin"]},
    "P9": {"gender": "female", "birthplace": "69123", "preferred_username": "MODELE-FICTIVE"},
    "P10": {"gender": "male", "birthplace": "97411", "idp_id": "yris"},
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
    vitale_serial: str | None = None
    card_state: str | None = None

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

    def card_form(self) -> dict[str, str]:
        """What the person reads off card and RIB for the application; for who has both."""
        return {"nir": self.nir, "iban": self.iban or "", "vitale_serial": self.vitale_serial or ""}

    def pivot(self, sub: str, **own: Any) -> dict[str, Any]:
        """What FranceConnect says of the person under this `sub`; `own` claims have the last word."""
        return _claims(sub, asdict(self), {"gender": "female", "birthplace": "29019", **own})


def register() -> list[dict[str, Any]]:
    """The ten demo people, as in the register file."""
    return [json.loads(line) for line in REGISTER.read_text().splitlines() if line.strip()]


def pivot_claims() -> list[dict[str, Any]]:
    """What FranceConnect says of the demo people (domain 3.6): all but P6."""
    lines = {f"P{number}": line for number, line in enumerate(register(), start=1)}
    return [_claims(subject(name), lines[name], own) for name, own in _FRANCE_CONNECT.items()]


def subject(name: str) -> str:
    """How FranceConnect names a demo person to this service."""
    return sha256(f"compte/{name}".encode()).hexdigest() + "v1"


def _claims(sub: str, line: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    given = own.get("given_name_array", [line["first_name"]])
    ascii_name = f"{line['first_name']}.{line['birth_last_name']}".lower().translate(str.maketrans("éè", "ee"))
    claims = {
        "sub": sub,
        "given_name": " ".join(given),
        "given_name_array": given,
        "family_name": line["birth_last_name"],
        "birthdate": line["birth_date"],
        "birthcountry": FRANCE,
        "email": f"{ascii_name}@exemple.invalid",
        "idp_id": "impots.gouv",
        "amr": ["pwd"],
        **own,
    }
    return {claim: value for claim, value in claims.items() if value is not None}


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
        nir=with_key(thirteen),
        birth_last_name="ESSAI",
        first_name="Camille",
        birth_date=f"19{year}-{month:02}-15",
        postal_code="29200",
        caisse="29",
        iban=_account(),
        vitale_serial=f"8{random.randrange(10**9):09}",
    )


def with_key(thirteen: str) -> str:
    """A number of 13 digits with its key."""
    return f"{thirteen}{97 - int(thirteen) % 97:02}"


def _account() -> str:
    """A French IBAN of the demo's bank, both keys right: all of it digits, so it begins with FR76."""
    bank = branch = 12345
    number = random.randrange(10**11)
    return f"FR76{bank}{branch}{number:011}{97 - (89 * bank + 15 * branch + 3 * number) % 97:02}"


def settlements(of: str, person: str) -> list[dict[str, Any]]:
    """The caisse's lines for a demo person, given to `person` under ids of their own."""
    mine = [line for line in settlements_file() if line["person_id"] == str(person_id(of))]
    return [{**line, "person_id": person, "settlement_id": str(uuid4())} for line in mine]


def settlements_file() -> list[dict[str, Any]]:
    """The caisse's whole settlement file."""
    return [json.loads(line) for line in SETTLEMENTS.read_text().splitlines() if line.strip()]
