"""What the use cases need from outside: a store, inside one transaction; one module a subject."""

from typing import Protocol

from services.identity.domain.parameters import Parameters
from services.identity.handlers.ports.access_log import AccessLog
from services.identity.handlers.ports.accounts import Accounts
from services.identity.handlers.ports.devices import Devices
from services.identity.handlers.ports.emails import Emails
from services.identity.handlers.ports.federation import Federation
from services.identity.handlers.ports.passkeys import Passkeys
from services.identity.handlers.ports.register import Register
from services.identity.handlers.ports.sessions import Sessions
from services.identity.handlers.ports.strangers import Strangers


class Store(Accounts, Sessions, Register, Devices, Federation, Emails, Passkeys, AccessLog, Strangers, Protocol):
    """One transaction. What is saved was loaded in it; when somebody else was faster, all runs again."""

    parameters: Parameters
