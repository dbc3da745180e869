"""The secrets of a stack and what each service is told."""

import base64
import json
import stat
from pathlib import Path

from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet, OKPKey

from deploy.embedded import environment
from deploy.embedded.keys import keys_of
from deploy.embedded.ports import SERVICES, Ports


def settings(name: str, data: Path, **extra: str) -> dict[str, str]:
    return environment.of_service(
        name,
        ports=Ports(9000),
        keys=keys_of(data),
        data=data,
        mongodb_url="mongodb://m",
        kafka="k:1",
        idempotence=False,
        extra=extra,
    )


def test_keys_are_made_once_and_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    assert keys_of(tmp_path) == keys_of(tmp_path)
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_a_folder_of_an_older_version_keeps_its_keys_and_gets_what_it_lacks(tmp_path: Path) -> None:
    before = keys_of(tmp_path)
    path = tmp_path / "keys.json"
    kept = json.loads(path.read_text())
    del kept["freeze_key"], kept["mail_report_key"]
    path.write_text(json.dumps(kept))
    after = keys_of(tmp_path)
    assert (after.pepper, after.services) == (before.pepper, before.services)
    assert (after.freeze_key, after.mail_report_key) == (
        keys_of(tmp_path).freeze_key,
        keys_of(tmp_path).mail_report_key,
    )


def test_a_link_of_notifications_is_verified_by_identity(tmp_path: Path) -> None:
    key = OKPKey.import_key(json.loads(settings("notifications", tmp_path)["NOTIFICATIONS_FREEZE_KEY"]))
    token = jwt.encode({"alg": "Ed25519", "kid": key.kid}, {"aud": "identity"}, key, algorithms=["Ed25519"])
    trusted = json.loads(settings("identity", tmp_path)["IDENTITY_FREEZE_JWKS"])
    assert all("d" not in each for each in trusted["keys"])
    assert jwt.decode(token, KeySet.import_key_set(trusted), algorithms=["Ed25519"]).claims == {"aud": "identity"}


def test_what_everybody_is_told_holds_no_private_key(tmp_path: Path) -> None:
    told = settings("payments", tmp_path)
    for name in ("PAYMENTS_INTERNAL_JWKS", "PAYMENTS_SEALING_JWKS"):
        assert all("d" not in key for key in json.loads(told[name])["keys"])


def test_a_token_of_the_gateway_is_verified_by_any_service(tmp_path: Path) -> None:
    key = OKPKey.import_key(json.loads(settings("gateway", tmp_path)["GATEWAY_INTERNAL_KEY"]))
    token = jwt.encode({"alg": "Ed25519", "kid": "gateway-1"}, {"aud": "payments"}, key, algorithms=["Ed25519"])
    trusted = KeySet.import_key_set(json.loads(settings("payments", tmp_path)["PAYMENTS_INTERNAL_JWKS"]))
    assert jwt.decode(token, trusted, algorithms=["Ed25519"]).claims == {"aud": "payments"}


def test_what_is_sealed_to_a_service_is_opened_by_it_alone(tmp_path: Path) -> None:
    told = settings("gateway", tmp_path)
    public = KeySet.import_key_set(json.loads(told["GATEWAY_SEALING_JWKS"])).get_by_kid("identity")
    sealed = jwe.encrypt_compact({"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}, b"x", public)
    own = ECKey.import_key(json.loads(settings("identity", tmp_path)["IDENTITY_SEALING_KEY"]))
    assert jwe.decrypt_compact(sealed, own).plaintext == b"x"
    assert json.loads(told["GATEWAY_SEALING_KEY"])["kid"] == "gateway"


def test_each_service_has_its_own_field_and_index_keys(tmp_path: Path) -> None:
    told = {name: settings(name, tmp_path) for name in SERVICES}
    for suffix, length in (("FIELD_KEY", 96), ("INDEX_KEY", 32)):
        values = {told[name][f"{name.upper()}_{suffix}"] for name in SERVICES}
        assert len(values) == len(SERVICES)
        assert {len(base64.b64decode(value)) for value in values} == {length}


def test_only_the_service_concerned_gets_a_particular_setting(tmp_path: Path) -> None:
    told = {name: settings(name, tmp_path) for name in SERVICES}
    assert json.loads(told["gateway"]["GATEWAY_UPSTREAMS"])["identity"] == "http://127.0.0.1:9001"
    assert told["notifications"]["NOTIFICATIONS_SMTP_URL"] == "smtp://127.0.0.1:9007"
    assert told["identity"]["IDENTITY_PEPPER"]
    assert [name for name in SERVICES if any("MAIL_REPORT" in key for key in told[name])] == ["notifications"]
    assert all(key.startswith("PAYMENTS_") for key in told["payments"])
    assert not any("SIGNING" in key or "INTERNAL_KEY" in key for key in told["payments"])


def test_a_setting_given_by_hand_has_the_last_word(tmp_path: Path) -> None:
    assert settings("payments", tmp_path, PAYMENTS_KAFKA_PARTITIONS="7")["PAYMENTS_KAFKA_PARTITIONS"] == "7"
