"""The identity providers behind FranceConnect: which are offered here (domain F31, F32)."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from contracts.problems import Problem, Text


class Standing(StrEnum):
    """What a provider is to this service."""

    ACTIVE = "active"
    RETIRED = "retired"
    OURSELVES = "ourselves"


@dataclass(frozen=True)
class IdentityProvider:
    """One provider (fournisseur d'identité). `id` is how FranceConnect names it in `idp_hint` and `idp_id`."""

    id: str
    label: Text
    standing: Standing = Standing.ACTIVE


def _same(name: str) -> Text:
    return Text(name, name)


PROVIDERS = (
    IdentityProvider("impots.gouv", _same("impots.gouv.fr")),
    IdentityProvider("ameli", _same("ameli.fr"), Standing.OURSELVES),
    IdentityProvider("la-poste", Text("L'Identité Numérique La Poste", "La Poste Digital Identity")),
    IdentityProvider("msa", Text("MSA (régime agricole)", "MSA (agricultural regime)")),
    IdentityProvider("france-identite", _same("France Identité")),
    IdentityProvider("yris", _same("YRIS")),
    IdentityProvider("mobileconnect", _same("MobileConnect et moi"), Standing.RETIRED),
    IdentityProvider("alicem", _same("Alicem"), Standing.RETIRED),
)
OURSELVES = frozenset(each.id for each in PROVIDERS if each.standing is Standing.OURSELVES)


class ProviderNotOffered(Problem):
    """Unknown, retired, or this very service: one does not come in by one's own door to prove who one is."""

    status = 422
    title = Text("Ce moyen de connexion n'est pas proposé", "This way to log in is not offered")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Choisissez l'un des comptes proposés, ou laissez FranceConnect vous les présenter.",
                "Choose one of the accounts offered, or let FranceConnect show them.",
            )
        )


def offered(enabled: Collection[str] = ()) -> tuple[IdentityProvider, ...]:
    """The providers to show, in order; a retired one only when it is `enabled`, ourselves never."""
    return tuple(
        each
        for each in PROVIDERS
        if each.standing is Standing.ACTIVE or (each.standing is Standing.RETIRED and each.id in enabled)
    )


def choose(provider_id: str, enabled: Collection[str] = ()) -> IdentityProvider:
    """The provider somebody chose. Raises ProviderNotOffered."""
    for each in offered(enabled):
        if each.id == provider_id:
            return each
    raise ProviderNotOffered
