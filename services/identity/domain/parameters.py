"""Every delay and limit of identity, with the day from which it holds and where it comes from."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.parameters import DatedParameters, Parameter

PARIS = ZoneInfo("Europe/Paris")


class Parameters(DatedParameters):
    """The numbers of identity, by the instant at which they are asked for."""

    def get(self, parameter_id: str, at: datetime) -> int:
        """The value in force on the day (in Paris) of that instant. Raises NotInForce."""
        return self.row(parameter_id, at.astimezone(PARIS).date()).value

    def minutes(self, parameter_id: str, at: datetime) -> timedelta:
        """The same, for a parameter that counts minutes."""
        return timedelta(minutes=self.get(parameter_id, at))


_SEED = date(2020, 7, 1)

BUILT_IN = (
    Parameter("code.own.shortest", _SEED, 4, "diapositive 6 (domain F15)"),
    Parameter("code.own.longest", _SEED, 13, "diapositive 6 (domain F15)"),
    Parameter(
        "code.provisional.digits", _SEED, 8, "4 chiffres sur ameli ; 8 contre le vol sur le bus (reliability A13)"
    ),
    Parameter("code.provisional.creation-minutes", _SEED, 24 * 60, "api.md, POST /accounts"),
    Parameter("code.provisional.reset-minutes", _SEED, 10, "reliability A13 ; ameli : 30 (domain F20)"),
    Parameter("mail.resets-a-day", _SEED, 3, "api.md, POST /code-resets"),
    Parameter("mail.alerts-a-day", _SEED, 3, "comme les réinitialisations (reliability A19)"),
    Parameter("attempts.free", _SEED, 5, "reliability A1 (domain 3.4)"),
    Parameter("attempts.longest-wait-minutes", _SEED, 60, "reliability A1 (domain 3.4)"),
    Parameter("attempts.stop", _SEED, 50, "reliability A1 ; le NIST en admet 100"),
    Parameter("attempts.provisional-kept-minutes", _SEED, 24 * 60, "reliability A1 : un essai par heure au plus"),
    Parameter("step-up.fresh-minutes", _SEED, 10, "aussi long qu'un code provisoire (reliability A13)"),
    Parameter("session.web.idle-minutes", _SEED, 30, "NHS login (domain 3.4)"),
    Parameter("session.web.longest-minutes", _SEED, 12 * 60, "NHS login (domain 3.4)"),
    Parameter("session.app.idle-minutes", _SEED, 30 * 24 * 60, "NHS login (domain 3.4)"),
    Parameter("session.app.longest-minutes", _SEED, 30 * 24 * 60, "NHS login (domain 3.4)"),
)
