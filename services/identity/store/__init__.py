"""What identity keeps in MongoDB, one module a subject."""

from collections.abc import Mapping, Sequence

from chassis.mongo import Index
from services.identity.store import (
    access_log,
    accounts,
    devices,
    emails,
    federation,
    passkeys,
    register,
    sessions,
    strangers,
)
from services.identity.store.access_log import AccessLogStore
from services.identity.store.accounts import AccountStore
from services.identity.store.devices import DeviceStore
from services.identity.store.emails import EmailStore
from services.identity.store.federation import FederationStore
from services.identity.store.passkeys import PasskeyStore
from services.identity.store.register import RegisterStore
from services.identity.store.sessions import SessionStore
from services.identity.store.strangers import StrangerStore

_PARTS = (access_log, accounts, devices, emails, federation, passkeys, register, sessions, strangers)
INDEXES: Mapping[str, Sequence[Index]] = {name: kept for part in _PARTS for name, kept in part.INDEXES.items()}
ENCRYPTED: Mapping[str, Sequence[str]] = {name: fields for part in _PARTS for name, fields in part.ENCRYPTED.items()}


class MongoStore(
    RegisterStore,
    AccountStore,
    SessionStore,
    DeviceStore,
    FederationStore,
    EmailStore,
    PasskeyStore,
    AccessLogStore,
    StrangerStore,
):
    """The store that the handlers ask for, inside one transaction."""
