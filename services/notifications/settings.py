"""What notifications reads from its environment, as NOTIFICATIONS_<NAME>."""

from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, UrlConstraints
from pydantic_core import Url
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from services.notifications.mailer import address_of

SmtpUrl = Annotated[Url, UrlConstraints(allowed_schemes=["smtp", "smtps"], host_required=True, default_port=25)]


def _with_address(sender: str) -> str:
    address_of(sender)
    return sender


class Settings(ServiceSettings):
    """Where mails go and in whose name."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_", frozen=True, extra="ignore")

    smtp_url: SmtpUrl = Field(description="smtps://host:port, or smtp:// with STARTTLS (not asked of this machine).")
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    sender: Annotated[str, AfterValidator(_with_address)] = Field(description="Name <address> that mails come from.")
    public_url: HttpUrl = Field(description="Where a person finds the account.")
    freeze_key: SecretStr = Field(description="Private JWK (Ed25519) that signs the links “ce n'est pas moi”.")
    mail_report_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="What the mail provider signs its reports with; unset, it cannot report.",
    )
