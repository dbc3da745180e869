"""Every delay and limit of identity, with the day from which it holds and where it comes from."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.parameters import DatedParameters, Parameter

PARIS = ZoneInfo("Europe/Paris")
# What “a day” means in a limit: the last 24 hours.
DAY = timedelta(days=1)


class Parameters(DatedParameters):
    """The numbers of identity, by the instant at which they are asked for."""

    def get(self, parameter_id: str, at: datetime) -> int:
        """The value in force on the day (in Paris) of that instant. Raises NotInForce."""
        return self.row(parameter_id, at.astimezone(PARIS).date()).value

    def values(self, parameter_id: str, at: datetime, *, back: timedelta | None = None) -> frozenset[int]:
        """Every value that was in force up to that instant, so far back or, if it is not said, ever."""
        since = date.min if back is None else (at - back).astimezone(PARIS).date()
        return frozenset(row.value for row in self.rows(parameter_id, since, at.astimezone(PARIS).date()))

    def minutes(self, parameter_id: str, at: datetime) -> timedelta:
        """The same, for a parameter that counts minutes."""
        return timedelta(minutes=self.get(parameter_id, at))


_SEED = date(2020, 7, 1)

BUILT_IN = (
    Parameter("code.own.shortest", _SEED, 4, "diapositive 6 (domain F15)"),
    Parameter("code.own.longest", _SEED, 13, "diapositive 6 (domain F15)"),
    Parameter("code.own.alphabet", _SEED, 0, "0 : chiffres (domain F15) ; 1 : lettres, chiffres, signes (domain 3.4)"),
    Parameter("code.own.mixed-shortest", _SEED, 8, "OWASP ASVS 6.2.1 ; ne sert qu'avec code.own.alphabet 1"),
    Parameter("code.own.mixed-longest", _SEED, 64, "OWASP ASVS 6.2.9 ; ce qui se saisit n'est jamais plus long"),
    Parameter(
        "code.provisional.digits", _SEED, 8, "4 chiffres sur ameli ; 8 contre le vol sur le bus (reliability A13)"
    ),
    Parameter("code.provisional.creation-minutes", _SEED, 24 * 60, "api.md, POST /accounts ; reliability A18"),
    Parameter("code.provisional.reset-minutes", _SEED, 10, "reliability A13 ; ameli : 30 (domain F20)"),
    Parameter("code.provisional.stopped-minutes", _SEED, 24 * 60, "sinon un tiers enferme le titulaire (domain 3.4)"),
    Parameter("code.provisional.caisse-minutes", _SEED, 24 * 60, "comme à la création : lu le soir (domain 3.4)"),
    Parameter("mail.resets-a-day", _SEED, 3, "api.md, POST /code-resets"),
    Parameter("mail.resets-kept-for-known-devices", _SEED, 1, "comme les essais d'un appareil connu (reliability A1)"),
    Parameter("mail.alerts-a-day", _SEED, 3, "comme les réinitialisations (reliability A19)"),
    Parameter("mail.address-a-day", _SEED, 5, "reliability A19"),
    Parameter(
        "mail.address-kept-for-accounts", _SEED, 1, "un premier code, quoi que d'autres aient saisi (domain F26)"
    ),
    Parameter("proof.failures-a-day", _SEED, 3, "domain F25"),
    Parameter("account.address-kept-minutes", _SEED, 30, "le temps de lire l'e-mail ; ameli : 30 (domain F20)"),
    Parameter("attempts.free", _SEED, 5, "reliability A1 (domain 3.4)"),
    Parameter("attempts.longest-wait-minutes", _SEED, 60, "reliability A1 (domain 3.4)"),
    Parameter("attempts.stop", _SEED, 50, "reliability A1 ; le NIST en admet 100"),
    Parameter("account.savings-refused", _SEED, 1, "de mémoire (domain 3.3)"),
    Parameter("waiting.tries", _SEED, 5, "comme les essais libres d'un code (reliability A1)"),
    Parameter("waiting.one-in", _SEED, 5000, "une chance sur 5 000 par jour, loin des 0,5 % de reliability A1"),
    Parameter("challenge.digits", _SEED, 6, "ameli depuis 2023-12 (domain 3.4)"),
    Parameter("challenge.minutes", _SEED, 10, "aussi long qu'un code provisoire (reliability A13)"),
    Parameter("challenge.tries", _SEED, 5, "comme les essais libres d'un code (reliability A1)"),
    Parameter("challenge.a-day", _SEED, 10, "50 essais par jour au plus, comme attempts.stop (reliability A1)"),
    Parameter("spraying.window-minutes", _SEED, 10, "reliability A2 : une alarme en moins d'une minute"),
    Parameter("spraying.numbers", _SEED, 20, "reliability A2 ; au-delà, ce n'est plus un hasard"),
    Parameter("device.remembered-minutes", _SEED, 30 * 24 * 60, "30 jours (domain 3.4)"),
    Parameter("device.most", _SEED, 50, "assez peu pour que tout s'oublie d'un coup (domain B3)"),
    Parameter("attempts.provisional-kept-minutes", _SEED, 24 * 60, "reliability A1 : un essai par heure au plus"),
    Parameter("step-up.fresh-minutes", _SEED, 10, "aussi long qu'un code provisoire (reliability A13)"),
    Parameter("passkey.ceremony-minutes", _SEED, 5, "WebAuthn niveau 2, § 13.4.3 : un défi court, à usage unique"),
    Parameter("passkey.most", _SEED, 10, "une liste qu'une personne peut relire (domain B13)"),
    Parameter("franceconnect.ceremony-minutes", _SEED, 10, "reliability A8"),
    Parameter("franceconnect.link-minutes", _SEED, 10, "comme l'aller-retour vers FranceConnect (reliability A8)"),
    Parameter("email.change-minutes", _SEED, 24 * 60, "comme le premier code (domain 3.5)"),
    Parameter("email.changes-a-day", _SEED, 3, "comme les réinitialisations (reliability A19)"),
    Parameter("freeze.email-trusted-minutes", _SEED, 30 * 24 * 60, "le voleur change d'abord l'adresse (domain B3)"),
    Parameter("access-log.kept-minutes", _SEED, 365 * 24 * 60, "CNIL, journalisation : un an au plus (domain B4)"),
    Parameter("session.most", _SEED, 50, "assez peu pour que tout se ferme d'un coup (domain B3)"),
    Parameter("session.code-change-minutes", _SEED, 30, "le temps de choisir un code ; ameli : lien de 30 min [IEP]"),
    Parameter("session.web.idle-minutes", _SEED, 30, "NHS login (domain 3.4)"),
    Parameter("session.web.longest-minutes", _SEED, 12 * 60, "NHS login (domain 3.4)"),
    Parameter("session.app.idle-minutes", _SEED, 30 * 24 * 60, "NHS login (domain 3.4)"),
    Parameter("session.app.longest-minutes", _SEED, 30 * 24 * 60, "NHS login (domain 3.4)"),
)
