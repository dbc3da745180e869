"""Asks authenticators and verifies what they answer (WebAuthn level 2); the only file that knows the package."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from chassis.telemetry import log
from services.identity.domain.passkey import (
    Assertion,
    Credential,
    Passkey,
    PasskeyNotAdded,
    PasskeyRefused,
    passkey_id,
)

T = TypeVar("T")
NAME = "Compte"
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
TRANSPORTS = frozenset(each.value for each in AuthenticatorTransport)


@dataclass(frozen=True)
class Site:
    """Where passkeys work: the domain they belong to, and the origins whose pages or apps may ask for them."""

    domain: str
    origins: tuple[str, ...]


class Authenticators:
    """The authenticators of this site's users. Verifying is arithmetic of a millisecond: no thread, no network."""

    def __init__(self, site: Site, patience: timedelta = timedelta(minutes=5)) -> None:
        self._site = site
        self._patience = int(patience.total_seconds() * 1000)

    def creation(self, challenge: str, person_id: UUID, name: str, known: Sequence[Passkey]) -> dict[str, Any]:
        """PublicKeyCredentialCreationOptions: a discoverable passkey that checks its owner, on a device without one."""
        options = webauthn.generate_registration_options(
            rp_id=self._site.domain,
            rp_name=NAME,
            user_id=person_id.bytes,
            user_name=name,
            challenge=challenge.encode(),
            timeout=self._patience,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[_described(each) for each in known],
            supported_pub_key_algs=ALGORITHMS,
        )
        return options_to_json_dict(options)

    def request(self, challenge: str) -> dict[str, Any]:
        """PublicKeyCredentialRequestOptions that name no passkey: the same for everybody."""
        options = webauthn.generate_authentication_options(
            rp_id=self._site.domain,
            challenge=challenge.encode(),
            timeout=self._patience,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json_dict(options)

    def made(self, credential: Mapping[str, Any], challenge: str) -> Credential:
        """The passkey that was made in answer to this challenge. Raises PasskeyNotAdded."""

        def verify() -> Credential:
            _check_own_page(credential)
            verified = webauthn.verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge.encode(),
                expected_rp_id=self._site.domain,
                expected_origin=list(self._site.origins),
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
            )
            _check_same(credential, verified.credential_id)
            told = credential["response"].get("transports") or []
            return Credential(
                verified.credential_id,
                verified.credential_public_key,
                verified.sign_count,
                tuple(each for each in told if each in TRANSPORTS),
            )

        return _or_refuse(verify, PasskeyNotAdded())

    def named(self, credential: Mapping[str, Any]) -> UUID:
        """Which passkey claims to have answered. Raises PasskeyRefused."""
        return _or_refuse(lambda: passkey_id(base64url_to_bytes(credential["rawId"])), PasskeyRefused())

    def signed(self, credential: Mapping[str, Any], challenge: str, passkey: Passkey | None) -> Assertion:
        """What this passkey signed in answer to this challenge. Raises PasskeyRefused, also when there is none."""

        def verify() -> Assertion:
            if passkey is None:
                raise ValueError("unknown")
            _check_own_page(credential)
            verified = webauthn.verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge.encode(),
                expected_rp_id=self._site.domain,
                expected_origin=list(self._site.origins),
                credential_public_key=passkey.credential.public_key,
                credential_current_sign_count=passkey.credential.sign_count,
                require_user_verification=True,
            )
            _check_same(credential, passkey.credential.id)
            person = base64url_to_bytes(credential["response"]["userHandle"])
            return Assertion(UUID(bytes=person), verified.new_sign_count)

        return _or_refuse(verify, PasskeyRefused())


def _described(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(each) for each in passkey.credential.transports]
    return PublicKeyCredentialDescriptor(id=passkey.credential.id, transports=transports or None)


def _check_own_page(credential: Mapping[str, Any]) -> None:
    """Our page inside somebody else's is not ours; the package does not look."""
    told = parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"]))
    if told.cross_origin:
        raise ValueError("inside another page")


def _check_same(credential: Mapping[str, Any], known: bytes) -> None:
    """The id outside of what is signed must be the one inside: the package does not compare them."""
    if base64url_to_bytes(credential["rawId"]) != known:
        raise ValueError("another credential")


def _or_refuse(verify: Callable[[], T], refusal: Exception) -> T:
    """Whatever a stranger's bytes do to the parsers is a refusal; which, is noted and told to nobody."""
    try:
        return verify()
    except Exception as error:
        log.warning("passkey refused", cause=type(error).__name__)
        raise refusal from None
