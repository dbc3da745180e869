"""Every legal age and delay of procedures, with the day from which it holds and where it comes from."""

from datetime import date

from contracts.parameters import DatedParameters, Parameter


class Parameters(DatedParameters):
    """The numbers of procedures."""

    def get(self, parameter_id: str, on: date) -> int:
        """The value in force on that day. Raises NotInForce."""
        return self.row(parameter_id, on).value


_SEED = date(2020, 7, 1)

BUILT_IN = (
    Parameter("vitale-card.age-years", _SEED, 16, "domain 3.16"),
    Parameter("vitale-card.age-with-parent-years", _SEED, 12, "alan.com (domain 3.16)"),
    Parameter("vitale-card.delay-days", _SEED, 14, "cpam-info.fr, ma-vie-administrative.fr (domain F59)"),
)
