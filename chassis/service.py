"""The parts one service is made of, built from its settings alone; nothing connects yet."""

from chassis import failpoints
from chassis.auth import TokenVerifier, internal_verifier
from chassis.encryption import FieldCipher
from chassis.mongo import Database
from chassis.outbox import Wake
from chassis.sealed import Sealer
from chassis.settings import ServiceSettings


class Service:
    """What a service's main.py hands to its store, its adapters and to create_app."""

    def __init__(self, name: str, settings: ServiceSettings) -> None:
        self.name = name
        self.source = f"/compte/{name}"
        self.settings = settings
        self.database = Database(
            settings.mongodb_url.get_secret_value(),
            settings.database,
            driver=settings.mongo_driver,
            deadline=settings.database_deadline,
        )
        self.wake = Wake()
        self.cipher = FieldCipher(settings, self.database)
        self.sealer = Sealer(settings.sealing_jwks, settings.sealing_key.get_secret_value())
        self.internal: TokenVerifier = internal_verifier(settings.internal_jwks, name)
        self.index_key = settings.index_key.get_secret_value().encode()
        failpoints.configure(settings.failpoints, name)
