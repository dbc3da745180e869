"""What the gateway reads from its environment, as GATEWAY_<NAME>."""

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from services.gateway.domain.capabilities import forwarded


class Settings(ServiceSettings):
    """Read once, in main.py, and frozen."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, extra="ignore")

    upstreams: dict[str, str] = Field(description="Address of each service, as JSON: name to URL.")
    upstream_deadline: timedelta = Field(default=timedelta(seconds=2), description="A slower service is unavailable.")
    upstream_limit: int = Field(default=100, ge=1, description="Calls to one service at the same time.")
    internal_key: SecretStr = Field(description="Private JWK that signs the tokens services know us by.")
    public_url: str = Field(description="Where browsers find us; the only origin that may act for a web session.")
    secure_cookies: bool = Field(
        default=True, description="False only for a browser that refuses Secure cookies on a plain http loopback."
    )

    @field_validator("upstreams")
    @classmethod
    def _reach_every_service(cls, upstreams: dict[str, str]) -> dict[str, str]:
        missing = {each.service for each in forwarded()} - upstreams.keys()
        if missing:
            raise ValueError(f"no address of {', '.join(sorted(missing))}")
        return {name: url.rstrip("/") for name, url in upstreams.items()}

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        return url.rstrip("/")
