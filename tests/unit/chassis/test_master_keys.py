"""What a service accepts as master keys, and how it refuses the rest at its start."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.settings import ServiceSettings
from tests.infra import service_settings

ONE, OTHER = (base64.b64encode(bytes([n]) * 96).decode() for n in (1, 2))
AWS = json.dumps({"aws": {"accessKeyId": "canary-id", "secretAccessKey": "canary-secret"}})
KEY = {"region": "eu-west-3", "key": "arn:aws:kms:eu-west-3:1:key/one"}


def settings(**values: Any) -> ServiceSettings:
    return service_settings("identity", "mongodb://127.0.0.1:1", **{"field_key": None, **values})


def test_local_keys_are_named_after_themselves_and_the_oldest_also_has_no_name() -> None:
    keys = settings(field_key=ONE, previous_field_keys=[OTHER]).master_keys
    (first, second, unnamed) = keys.providers
    assert keys.current == first
    assert keys.key is None
    assert unnamed == "local"
    assert keys.providers["local"] == keys.providers[second] == {"key": bytes([2]) * 96}


def test_a_key_service_wraps_and_local_keys_only_open() -> None:
    keys = settings(field_key=ONE, kms_provider=AWS, kms_key=KEY).master_keys
    assert keys.current == "aws"
    assert keys.key == KEY
    assert len(keys.providers) == 3


def test_credentials_may_be_those_of_the_machine() -> None:
    assert settings(kms_provider='{"aws": {}}', kms_key=KEY).master_keys.providers == {"aws": {}}


def test_the_key_service_may_be_trusted_by_a_file(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    keys = settings(kms_provider=AWS, kms_key=KEY, kms_tls={"tlsCAFile": authority}).master_keys
    assert keys.tls == {"aws": {"tlsCAFile": str(authority)}}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "a field_key or a kms_provider is needed"),
        ({"field_key": "canary"}, "not base64"),
        ({"field_key": base64.b64encode(b"canary").decode()}, "96 bytes"),
        ({"field_key": ONE, "previous_field_keys": ["canary!"]}, "not base64"),
        ({"field_key": ONE, "kms_key": KEY}, "need a kms_provider"),
        ({"kms_provider": AWS}, "kms_key of aws lacks key, region"),
        ({"kms_provider": AWS, "kms_key": {"region": "eu-west-3"}}, "kms_key of aws lacks key"),
        ({"kms_provider": '{"aws": {"accessKeyId": "canary"}}', "kms_key": KEY}, "lacks secretAccessKey"),
        ({"kms_provider": "canary", "kms_key": KEY}, "not JSON"),
        ({"kms_provider": '{"vault": {}}', "kms_key": KEY}, "names one of aws, azure, gcp, kmip"),
        ({"kms_provider": '{"kmip": {}}'}, "kms_provider of kmip lacks endpoint"),
        ({"kms_provider": AWS, "kms_key": KEY, "kms_tls": {"tlsCAFile": "/nowhere/ca.pem"}}, "no such file"),
        ({"kms_provider": AWS, "kms_key": KEY, "kms_tls": {"tlsInsecure": "/nowhere"}}, "kms_tls knows"),
        ({"field_key": ONE, "kafka_username": "payments"}, "kafka_username and kafka_password go together"),
        ({"field_key": ONE, "kafka_ca_file": "/nowhere/ca.pem"}, "kafka_ca_file needs kafka_tls"),
    ],
)
def test_a_half_configured_service_does_not_start_and_repeats_no_secret(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(**values)
    assert told in str(refusal.value)
    assert "canary" not in str(refusal.value)


def test_keys_are_not_shown() -> None:
    given = settings(kms_provider=AWS, kms_key=KEY, field_key=ONE)
    assert "canary" not in f"{given!r} {given.master_keys!r}"
    assert ONE not in f"{given!r} {given.master_keys!r}"
