"""What the gateway reads from its environment, as GATEWAY_<NAME>."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from services.gateway.domain.app_links import app_link, check_android, check_ios
from services.gateway.domain.capabilities import CAPABILITIES, forwarded
from services.gateway.domain.limits import LIMITS, Per, Table, changed
from services.gateway.domain.versions import STORES, Version, version


class Settings(ServiceSettings):
    """Read once, in main.py, and frozen."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, extra="ignore")

    upstreams: dict[str, str] = Field(description="Address of each service, as JSON: name to URL.")
    upstream_deadline: timedelta = Field(default=timedelta(seconds=2), description="A slower service is unavailable.")
    upstream_limit: int = Field(default=100, ge=1, description="Calls to one service at the same time.")
    log_ins_at_once: int = Field(
        default=20,
        ge=1,
        description="More are turned away with 503: identity must work through them before upstream_deadline, or it "
        "would seem to be out of order.",
    )
    internal_key: SecretStr = Field(description="Private JWK that signs the tokens services know us by.")
    public_url: str = Field(description="Where browsers find us; its pages may act for a web session.")
    other_origins: tuple[str, ...] = Field(default=(), description="Further addresses of the same pages, as JSON.")
    app_link: str | None = Field(
        default=None, description="Where FranceConnect's return is handed to the application; of public_url if not set."
    )
    ios_apps: tuple[str, ...] = Field(
        default=(), description='Our applications of iOS, as JSON: ["ABCDE12345.fr.exemple.compte"].'
    )
    android_apps: dict[str, tuple[str, ...]] = Field(
        default={}, description="Our applications of Android, as JSON: package to the SHA-256 of its certificates."
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
    proof_cost: int = Field(
        default=10_000,
        ge=1,
        le=20_000,
        description="Rounds of PBKDF2 in one of the about 256 tries of a proof of work: 10,000 are about half a second "
        "in a browser, and 2.5 ms here.",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Networks of our own proxies: only they are believed about X-Forwarded-For."
    )

    @property
    def limits_in_force(self) -> Table:
        """The limits of every route."""
        return changed(self.limits)

    @property
    def link_to_application(self) -> str:
        """The address that our application alone opens."""
        return app_link(self.public_url, self.app_link)

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

    @field_validator("ios_apps")
    @classmethod
    def _are_app_ids(cls, app_ids: tuple[str, ...]) -> tuple[str, ...]:
        check_ios(app_ids)
        return app_ids

    @field_validator("android_apps")
    @classmethod
    def _are_packages(cls, apps: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        check_android(apps)
        return apps

    @model_validator(mode="after")
    def _has_a_link_of_its_own(self) -> Self:
        app_link(self.public_url, self.app_link)
        return self
