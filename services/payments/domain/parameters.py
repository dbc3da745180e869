"""Every legal amount, age and delay of payments, with the day from which it holds and where it comes from."""

from datetime import date

from contracts.parameters import DatedParameters, Parameter


class Parameters(DatedParameters):
    """The numbers of payments, with the rows they came from: an explanation names them."""

    def get(self, parameter_id: str, on: date) -> Parameter:
        """The row in force on that day. Raises NotInForce."""
        return self.row(parameter_id, on)


_PF, _FM = date(2005, 1, 1), date(2008, 1, 1)
_PF_DOUBLED, _FM_DOUBLED = date(2024, 5, 15), date(2024, 3, 31)

BUILT_IN = (
    Parameter("reimbursement.gross", date(2002, 1, 1), 1, "arrondi au centime par ligne (domain 3.8)"),
    Parameter("participation.act", _PF, 100, "mutame-plus 2024 (domain 3.9)"),
    Parameter("participation.act", _PF_DOUBLED, 200, "mutame-plus 2024 (domain 3.9)"),
    Parameter("participation.day", _PF, 400, "quatre actes par jour (domain 3.9)"),
    Parameter("participation.day", _PF_DOUBLED, 800, "ucr.fr (domain 3.9)"),
    Parameter("participation.year", _PF, 5000, "ccas-ratp.fr (domain 3.9)"),
    Parameter("franchise.box", _FM, 50, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.box", _FM_DOUBLED, 100, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.paramedical-act", _FM, 50, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.paramedical-act", _FM_DOUBLED, 100, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.paramedical-day", _FM, 200, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.paramedical-day", _FM_DOUBLED, 400, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.transport-leg", _FM, 200, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.transport-leg", _FM_DOUBLED, 400, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.transport-day", _FM, 400, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.transport-day", _FM_DOUBLED, 800, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.year", _FM, 5000, "quechoisir 120782 (domain 3.10)"),
    Parameter("contribution.age", _PF, 18, "ccas-ratp.fr (domain 3.9)"),
    Parameter("contribution.age-on-1-january", _PF, 0, "0 : âge au jour des soins, 1 : au 1er janvier (domain 3.9)"),
    Parameter("contribution.recovery-years", _PF, 5, "question AN 52700 (domain 3.7)"),
    Parameter("payments.window-months", date(2002, 1, 1), 6, "diapositives 14-15 (domain F45)"),
)
