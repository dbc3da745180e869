"""What identity reads from its environment, as IDENTITY_<NAME>."""

from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from contracts.parameters import Parameter
from services.identity.franceconnect import Registration
from services.identity.passkeys import Site


class OlderPepper(BaseModel):
    """A pepper that was replaced; the codes hashed with it are hashed anew as they are used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(ge=1)
    key: SecretStr


class Settings(ServiceSettings):
    """Read once, in main.py, and frozen."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_", frozen=True, extra="ignore")

    signing_key: SecretStr = Field(description="Private OKP JWK that signs access tokens.")
    pepper: SecretStr = Field(description="32 bytes in base64: key of the hashes of access codes.")
    pepper_version: int = Field(default=1, ge=1, description="Raised by one each time the pepper is replaced.")
    previous_peppers: tuple[OlderPepper, ...] = Field(
        default=(), description="The peppers before it, as JSON: a list of version and key."
    )
    freeze_jwks: str = Field(description="Public keys of notifications, which signs the links “ce n'est pas moi”.")
    public_url: str = Field(description="Where people reach us: the page on which a passkey is asked for.")
    passkey_domain: str | None = Field(
        default=None, description="The domain that passkeys belong to, for good; the host of the public URL if none."
    )
    passkey_origins: tuple[str, ...] = Field(
        default=(), description="Other origins, as JSON: of the apps, which have some of their own."
    )
    franceconnect_issuer: str | None = Field(default=None, description="FranceConnect is offered where there is one.")
    franceconnect_client_id: str = ""
    franceconnect_client_secret: SecretStr = SecretStr("")
    franceconnect_redirect_uri: str = ""
    franceconnect_post_logout_redirect_uri: str = ""
    franceconnect_acr: str = Field(default="eidas1", description="The level of identification to ask for, at least.")
    franceconnect_deadline: timedelta = Field(
        default=timedelta(seconds=1.5),
        description="For all that one log-in asks of FranceConnect: less than the gateway waits for us.",
    )
    franceconnect_retired: tuple[str, ...] = Field(
        default=(), description="Identity providers to offer although they are retired, as JSON."
    )
    access_token_life: timedelta = Field(
        default=timedelta(minutes=5),
        gt=timedelta(),
        le=timedelta(minutes=10),
        description="The gateway remembers for 15 minutes that a session is over: no token may live until then.",
    )
    neutral_answer_time: timedelta = Field(
        default=timedelta(milliseconds=150), description="Neutral answers are given after a multiple of this time."
    )
    purge_every: timedelta = Field(
        default=timedelta(minutes=1), description="How often accounts are looked for that nobody opened in time."
    )
    parameters: tuple[Parameter, ...] = Field(
        default=(), description="Dated parameters as JSON, added to the built-in table or replacing its rows."
    )

    @property
    def site(self) -> Site:
        """Where passkeys work."""
        address = urlsplit(self.public_url)
        own = f"{address.scheme}://{address.netloc}"
        return Site(self.passkey_domain or address.hostname or "", (own, *self.passkey_origins))

    @property
    def franceconnect(self) -> Registration | None:
        """What FranceConnect knows us by. Raises ValueError for an issuer or a level that cannot be."""
        if self.franceconnect_issuer is None:
            return None
        return Registration(
            issuer=self.franceconnect_issuer,
            client_id=self.franceconnect_client_id,
            client_secret=self.franceconnect_client_secret,
            redirect_uri=self.franceconnect_redirect_uri,
            post_logout_redirect_uri=self.franceconnect_post_logout_redirect_uri,
            acr=self.franceconnect_acr,
        )

    @property
    def peppers(self) -> dict[int, str]:
        """All peppers by version. Raises ValueError unless the present one has the highest version of its own."""
        peppers = {each.version: each.key.get_secret_value() for each in self.previous_peppers}
        if max(peppers, default=0) >= self.pepper_version:
            raise ValueError("IDENTITY_PEPPER_VERSION must be higher than those of IDENTITY_PREVIOUS_PEPPERS")
        return {**peppers, self.pepper_version: self.pepper.get_secret_value()}
