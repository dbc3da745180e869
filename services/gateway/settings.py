"""What the gateway reads from its environment, as GATEWAY_<NAME>."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from services.gateway.domain.capabilities import CAPABILITIES, forwarded
from services.gateway.domain.limits import LIMITS, Per, Table, changed
from services.gateway.domain.versions import STORES, Version, version


class Settings(ServiceSettings):
    """Read once, in main.py, and frozen."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, extra="ignore")

    upstreams: dict[str, str] = Field(description="Address of each service, as JSON: name to URL.")
    upstream_deadline: timedelta = Field(default=timedelta(seconds=2), description="A slower service is unavailable.")
    upstream_limit: int = Field(default=100, ge=1, description="Calls to one service at the same time.")
    internal_key: SecretStr = Field(description="Private JWK that signs the tokens services know us by.")
    public_url: str = Field(description="Where browsers find us; its pages may act for a web session.")
    other_origins: tuple[str, ...] = Field(default=(), description="Further addresses of the same pages, as JSON.")
    app_link: str = Field(
        default="compte://franceconnect", description="Where FranceConnect's return is handed to the application."
    )
    app_minimum: dict[str, str] = Field(
        default={}, description='Oldest applications that are served, as JSON: {"ios": "2.1.0", "android": "2.1.0"}.'
    )
    secure_cookies: bool = Field(
        default=True, description="False only for a browser that refuses Secure cookies on a plain http loopback."
    )

    limits: dict[str, dict[Per, str]] = Field(
        default={},
        description='Other limits than domain/limits.py has: {"POST /accounts": {"network": "20/3600"}}, or "off".',
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Networks of our own proxies: only they are believed about X-Forwarded-For."
    )

    @property
    def limits_in_force(self) -> Table:
        """The limits of every route."""
        return changed(self.limits)

    @property
    def oldest_applications(self) -> dict[str, Version]:
        """The oldest version of each platform that is served."""
        return {platform: version(text) for platform, text in self.app_minimum.items()}

    @field_validator("app_minimum")
    @classmethod
    def _are_versions_of_platforms(cls, minimum: dict[str, str]) -> dict[str, str]:
        if unknown := minimum.keys() - STORES.keys():
            raise ValueError(f"no platform {', '.join(sorted(unknown))}")
        for text in minimum.values():
            version(text)
        return minimum

    @field_validator("upstreams")
    @classmethod
    def _reach_every_service(cls, upstreams: dict[str, str]) -> dict[str, str]:
        missing = {each.service for each in forwarded()} - upstreams.keys()
        if missing:
            raise ValueError(f"no address of {', '.join(sorted(missing))}")
        return {name: url.rstrip("/") for name, url in upstreams.items()}

    @field_validator("limits")
    @classmethod
    def _can_be_in_force(cls, limits: dict[str, dict[Per, str]]) -> dict[str, dict[Per, str]]:
        unknown = limits.keys() - LIMITS.keys() - {f"{each.method} {each.path}" for each in CAPABILITIES}
        if unknown:
            raise ValueError(f"no route {', '.join(sorted(unknown))}")
        changed(limits)
        return limits

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        return url.rstrip("/")
