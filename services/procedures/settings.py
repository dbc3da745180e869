"""What procedures reads from its environment, as PROCEDURES_<NAME>."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from contracts.parameters import Parameter


class Settings(ServiceSettings):
    """Read once, in main.py, and frozen."""

    model_config = SettingsConfigDict(env_prefix="PROCEDURES_", frozen=True, extra="ignore")

    parameters: tuple[Parameter, ...] = Field(
        default=(), description="Dated parameters as JSON, added to the built-in table or replacing its rows."
    )
