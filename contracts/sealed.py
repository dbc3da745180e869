"""A value that only the services it is addressed to can read."""

from pydantic import BaseModel, ConfigDict


class Recipient(BaseModel):
    """One entitled reader: whose key (`header.kid`) wraps the content key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    header: dict[str, str | dict[str, str]]
    encrypted_key: str


class Sealed(BaseModel):
    """A JWE (RFC 7516, general JSON) of one UTF-8 string. Opened with the reader's own private key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protected: str
    recipients: tuple[Recipient, ...]
    iv: str
    ciphertext: str
    tag: str
