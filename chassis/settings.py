"""What every service reads from its environment, as <SERVICE>_<NAME>. Read once, in main.py, and frozen."""

from datetime import timedelta
from pathlib import Path
from socket import gethostname
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.master_keys import MasterKeys, master_keys


class ServiceSettings(BaseSettings):
    """A value with a safe default has one; a secret or an address has none, so a misconfigured service stops."""

    # What is refused at the start is a secret at times, and the refusal stands in a log.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

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
    kafka_username: str | None = Field(default=None, description="This service's own user, where the broker asks.")
    kafka_password: SecretStr | None = None
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_tls: bool = False
    kafka_ca_file: Path | None = Field(default=None, description="Whom to trust with kafka_tls; the system's if none.")
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
    field_key: SecretStr | None = Field(
        default=None, description="96 bytes in base64: master key of encrypted fields, where there is no KMS."
    )
    previous_field_keys: tuple[SecretStr, ...] = Field(
        default=(), description="Newest first, as JSON: still open what they wrapped, until keys are rotated."
    )
    kms_provider: SecretStr | None = Field(
        default=None, description="pymongo's kms_providers entry as JSON: aws, azure, gcp or kmip, with credentials."
    )
    kms_key: dict[str, str | bool] | None = Field(
        default=None, description="pymongo's master_key document as JSON: which key of the KMS wraps data keys."
    )
    kms_tls: dict[str, Path] = Field(
        default_factory=dict, description="Files as JSON: tlsCAFile, tlsCertificateKeyFile."
    )
    index_key: SecretStr = Field(description="32 bytes in base64: key of the blind indexes.")

    @property
    def master_keys(self) -> MasterKeys:
        """The keys that wrap data keys. Raises IncompleteKeys, which stops a service at its start."""
        local = [key.get_secret_value() for key in (self.field_key, *self.previous_field_keys) if key is not None]
        service = self.kms_provider.get_secret_value() if self.kms_provider is not None else None
        return master_keys(local, service, self.kms_key, self.kms_tls)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        assert self.master_keys  # noqa: S101
        if (self.kafka_username is None) != (self.kafka_password is None):
            raise ValueError("kafka_username and kafka_password go together")
        if self.kafka_ca_file is not None and not self.kafka_tls:
            raise ValueError("kafka_ca_file needs kafka_tls")
        return self
