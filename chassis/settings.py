"""What every service reads from its environment, as <SERVICE>_<NAME>. Read once, in main.py, and frozen."""

from datetime import timedelta
from pathlib import Path
from socket import gethostname
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """A value with a safe default has one; a secret or an address has none, so a misconfigured service stops."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    @property
    def instance(self) -> str:
        """The name of this process, which the one that takes its place after a crash has too."""
        return f"{gethostname()}/{self.host}:{self.port}"

    host: str = "127.0.0.1"
    port: int
    mongodb_url: SecretStr
    mongo_driver: Literal["motor", "pymongo"] = "motor"
    database: str
    database_deadline: timedelta = Field(
        default=timedelta(seconds=2), description="After this a command is answered 503."
    )
    kafka_url: str
    kafka_idempotence: bool = Field(
        default=True, description="Off only where the broker lacks producer ids (embedded Tansu)."
    )
    kafka_partitions: int = 6
    kafka_replicas: int = 1
    watch_outbox: bool = Field(
        default=True, description="Follow other processes' commits; off where a service has one process."
    )
    consume_at_once: int = Field(default=8, ge=1, description="How many persons' events are applied at the same time.")
    relay_poll: timedelta = Field(
        default=timedelta(milliseconds=200), description="How often unsent events are looked for without being woken."
    )
    otlp_url: str | None = None
    trace_share: float = Field(default=1.0, ge=0, le=1, description="Share of commands whose trace is recorded.")
    trace_share_of_reads: float = Field(default=0.1, ge=0, le=1, description="The same for requests that only read.")
    failpoints: Path | None = Field(default=None, description="Tests only: folder of armed crash points.")
    internal_jwks: str = Field(description="Public keys of whoever may call this service, as a JWKS.")
    sealing_key: SecretStr = Field(description="Private JWK that opens what is sealed to this service.")
    sealing_jwks: str = Field(description="Public keys of all services, kid = service, as a JWKS.")
    field_key: SecretStr = Field(description="96 bytes in base64: master key of encrypted fields.")
    index_key: SecretStr = Field(description="32 bytes in base64: key of the blind indexes.")
