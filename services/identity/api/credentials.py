"""What authenticators answer, as browsers write it (WebAuthn, `PublicKeyCredential.toJSON()`)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Encoded = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[A-Za-z0-9_\-]+$")]
CredentialId = Annotated[str, Field(min_length=1, max_length=1400, pattern=r"^[A-Za-z0-9_\-]+$")]


class _Answered(BaseModel):
    """A PublicKeyCredential as browsers write it (`toJSON()`); what is not verified is not read."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)


class AttestationResponse(_Answered):
    """What an authenticator says of the passkey that it made."""

    clientDataJSON: Encoded  # noqa: N815 - the standard's name
    attestationObject: Encoded  # noqa: N815
    transports: list[Annotated[str, Field(max_length=20)]] = Field(default=[], max_length=10)


class AssertionResponse(_Answered):
    """What an authenticator signed."""

    clientDataJSON: Encoded  # noqa: N815
    authenticatorData: Encoded  # noqa: N815
    signature: Encoded
    userHandle: Encoded  # noqa: N815


class NewCredential(_Answered):
    """A passkey that was made."""

    id: CredentialId
    rawId: CredentialId  # noqa: N815
    type: Literal["public-key"]
    response: AttestationResponse


class UsedCredential(_Answered):
    """A passkey that was used."""

    id: CredentialId
    rawId: CredentialId  # noqa: N815
    type: Literal["public-key"]
    response: AssertionResponse
