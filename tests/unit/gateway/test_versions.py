"""Which applications are served, and that nobody else is turned away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.versions import STORES, UpgradeRequired, application, check, version, written

MINIMUM = {"ios": (2, 1, 0)}
versions = st.lists(st.integers(0, 9999), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize("old", ["ios/2.0.3", "ios/2.0", "ios/2", "ios/1.9999.9", "ios/0.0.0.1"])
def test_an_older_application_is_told_where_the_newest_is(old: str) -> None:
    with pytest.raises(UpgradeRequired) as refused:
        check(application(old), MINIMUM)
    assert "App Store" in refused.value.detail.fr
    assert refused.value.extensions == {"platform": "ios", "minimum": "2.1.0", "store": "App Store"}
    assert refused.value.protocol == "compte-ios/2.1.0"
    assert refused.value.slug() == "upgrade-required"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "ios",
        "ios/",
        "ios/2.x",
        "ios/-1",
        "ios/1.2.3.4.5",
        "ios/1\n",
        "ios/１",
        "web/1.0",
        "IOS/1.0",
        "/",
        "ios/99999",
    ],
)
def test_what_is_absent_or_cannot_be_read_is_let_through(header: str | None) -> None:
    assert application(header) is None
    check(application(header), MINIMUM)


@pytest.mark.parametrize("served", ["ios/2.1.0", "ios/2.1", "ios/2.1.0.0", "ios/2.10", "ios/3", "android/0.1"])
def test_what_is_not_older_and_what_has_no_minimum_is_served(served: str) -> None:
    check(application(served), MINIMUM)


@given(versions, versions)
def test_of_two_versions_one_at_most_is_older(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    def refused(asking: tuple[int, ...], least: tuple[int, ...]) -> bool:
        try:
            check(application(f"android/{written(asking)}"), {"android": least})
        except UpgradeRequired:
            return True
        return False

    assert version(written(one)) == one
    assert not (refused(one, other) and refused(other, one))
    assert not refused(one, one)


def test_every_platform_has_a_store() -> None:
    assert set(STORES) == {"ios", "android"}
