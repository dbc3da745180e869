"""The link that hands FranceConnect's return to the application belongs to it alone, and phones can check that."""

import pytest
from pydantic import ValidationError

from services.gateway.domain.app_links import PATH, android_association, app_link, apple_association
from tests.unit.gateway.test_limits import some_settings

SITE, DEMO = "https://compte.exemple.invalid", "http://localhost:8400"
IOS = "ABCDE12345.invalid.exemple.compte"
FINGERPRINT = ":".join(f"{n:02X}" for n in range(32))


def test_the_link_is_of_the_site_unless_another_is_chosen() -> None:
    assert some_settings(public_url=f"{SITE}/").link_to_application == SITE + PATH
    assert some_settings(public_url=DEMO).link_to_application == DEMO + PATH
    other = "https://app.exemple.invalid/retour"
    assert some_settings(public_url=SITE, app_link=other).link_to_application == other


@pytest.mark.parametrize(
    "link",
    [
        "compte://franceconnect",
        "intent://franceconnect#Intent;scheme=compte;end",
        "http://compte.exemple.invalid/retour",
        "javascript:alert(1)",
        "https:///retour",
        "https://app.exemple.invalid",
        "https://app.exemple.invalid/retour?a=b",
        "https://app.exemple.invalid/retour#a",
        "/retour",
    ],
)
def test_a_link_that_another_application_could_claim_stops_the_gateway_at_its_start(link: str) -> None:
    with pytest.raises(ValidationError, match="app_link"):
        some_settings(public_url=SITE, app_link=link, secure_cookies=False)
    with pytest.raises(ValueError, match="app_link"):
        app_link(SITE, link)


def test_plain_http_is_for_where_the_pages_are_plain_too() -> None:
    assert app_link(DEMO, "http://localhost:9000/retour") == "http://localhost:9000/retour"
    with pytest.raises(ValueError, match="app_link"):
        app_link(DEMO, "compte://franceconnect")


def test_the_associations_name_our_applications_and_the_path_of_the_link() -> None:
    [detail] = apple_association([IOS], SITE + PATH)["applinks"]["details"]
    assert detail == {"appIDs": [IOS], "components": [{"/": PATH}]}
    [statement] = android_association({"invalid.exemple.compte": [FINGERPRINT]})
    assert statement["relation"] == ["delegate_permission/common.handle_all_urls"]
    assert statement["target"] == {
        "namespace": "android_app",
        "package_name": "invalid.exemple.compte",
        "sha256_cert_fingerprints": [FINGERPRINT],
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"ios_apps": ["invalid.exemple.compte"]},
        {"ios_apps": ["*"]},
        {"android_apps": {"compte": [FINGERPRINT]}},
        {"android_apps": {"invalid.exemple.compte": []}},
        {"android_apps": {"invalid.exemple.compte": [FINGERPRINT.lower()]}},
        {"android_apps": {"invalid.exemple.compte": [FINGERPRINT[:-3]]}},
    ],
)
def test_what_is_no_application_stops_the_gateway_at_its_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        some_settings(**wrong)
    some_settings(ios_apps=[IOS], android_apps={"invalid.exemple.compte": [FINGERPRINT]})
