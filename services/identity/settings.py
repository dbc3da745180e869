"""What identity reads from its environment, as IDENTITY_<NAME>."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from contracts.parameters import Parameter


class Settings(ServiceSettings):
    """Read once, in main.py, and frozen."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_", frozen=True, extra="ignore")

    signing_key: SecretStr = Field(description="Private OKP JWK that signs access tokens.")
    pepper: SecretStr = Field(description="32 bytes in base64: key of the hashes of access codes.")
    access_token_life: timedelta = timedelta(minutes=5)
    neutral_answer_time: timedelta = Field(
        default=timedelta(milliseconds=150), description="A neutral answer is not given sooner, whatever happened."
    )
    parameters: tuple[Parameter, ...] = Field(
        default=(), description="Dated parameters as JSON, added to the built-in table or replacing its rows."
    )
