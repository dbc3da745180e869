"""What a person needs at hand to create an account (domain F26, F27)."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.channel import Channel


@dataclass(frozen=True)
class Prerequisite:
    """One thing to have at hand, and where to find it, in French."""

    id: str
    label: str
    help: str


NIR = Prerequisite(
    "nir",
    "Votre numéro de sécurité sociale",
    "Il figure sur votre carte Vitale, sur vos bulletins de salaire et sur une attestation de droits.",
)
EMAIL = Prerequisite("email", "Une adresse e-mail", "Une adresse à vous seul : un compte par adresse.")

PREREQUISITES: Mapping[Channel, tuple[Prerequisite, ...]] = {
    Channel.WEB: (
        NIR,
        Prerequisite("last-name", "Votre nom", "Votre nom de naissance ou votre nom d'usage."),
        Prerequisite("birth-date", "Votre date de naissance", "Celle que votre caisse connaît."),
        Prerequisite("postal-code", "Votre code postal", "Celui de l'adresse que votre caisse connaît."),
        EMAIL,
    ),
    Channel.APP: (
        NIR,
        Prerequisite("iban", "Votre IBAN", "Celui sur lequel votre caisse vous rembourse ; il figure sur votre RIB."),
        Prerequisite("vitale-serial", "Le numéro de série de votre carte Vitale", "Il est imprimé sur la carte."),
    ),
}
