"""The link that hands FranceConnect's return to the application: an address of ours, so that no other can claim it.

A phone asks the site of such a link which applications it belongs to (Universal Links, App Links); anybody's
application may call itself by a scheme like `compte:`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

PATH = "/application/franceconnect"
_IOS = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9.-]{1,155}")
_ANDROID = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
_FINGERPRINT = re.compile(r"([0-9A-F]{2}:){31}[0-9A-F]{2}")


def app_link(public_url: str, chosen: str | None) -> str:
    """The link in force. Raises ValueError for one that the site does not vouch for.

    Only where the pages themselves are plain http, as on a developer's machine, may the link be.
    """
    link = urlsplit(chosen or public_url + PATH)
    whole = link.netloc and link.path and not link.query and not link.fragment
    if link.scheme not in {"https", urlsplit(public_url).scheme} or not whole:
        raise ValueError("app_link is an https address of the site: a scheme of its own can be claimed by anybody")
    return link.geturl()


def apple_association(app_ids: Sequence[str], link: str) -> Mapping[str, Any]:
    """What iOS reads. `app_ids`: team and bundle, `ABCDE12345.fr.exemple.compte`."""
    return {"applinks": {"details": [{"appIDs": list(app_ids), "components": [{"/": urlsplit(link).path}]}]}}


def android_association(apps: Mapping[str, Sequence[str]]) -> Sequence[Mapping[str, Any]]:
    """What Android reads. `apps`: package to the SHA-256 fingerprints of the certificates that sign it."""
    return [
        {
            "relation": ["delegate_permission/common.handle_all_urls"],
            "target": {
                "namespace": "android_app",
                "package_name": package,
                "sha256_cert_fingerprints": list(fingerprints),
            },
        }
        for package, fingerprints in apps.items()
    ]


def check_ios(app_ids: Sequence[str]) -> None:
    """Raises ValueError for what is no app id."""
    if not all(_IOS.fullmatch(each) for each in app_ids):
        raise ValueError("an app id is team and bundle: ABCDE12345.fr.exemple.compte")


def check_android(apps: Mapping[str, Sequence[str]]) -> None:
    """Raises ValueError for what is no package, or no fingerprint of a certificate."""
    if not all(_ANDROID.fullmatch(package) for package in apps):
        raise ValueError("a package is named like fr.exemple.compte")
    if not all(prints and all(_FINGERPRINT.fullmatch(each) for each in prints) for prints in apps.values()):
        raise ValueError("a fingerprint is 32 bytes in capital hexadecimal, with colons between them")
