"""Which applications are still served (domain F14). An older one is told to update, and where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from contracts.problems import Problem, Text

STORES: Mapping[str, str] = {"ios": "App Store", "android": "Google Play"}
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,3}")
Version = tuple[int, ...]


@dataclass(frozen=True)
class Application:
    """The application that asks."""

    platform: str
    version: Version


class UpgradeRequired(Problem):
    """The application is older than what is served."""

    status = 426
    title = Text("Mettez votre application à jour", "Update your application")

    def __init__(self, platform: str, minimum: Version) -> None:
        self.protocol = f"compte-{platform}/{written(minimum)}"
        store = STORES[platform]
        super().__init__(
            Text(
                f"Cette version n'est plus servie. Installez la dernière ({store}), puis reconnectez-vous.",
                f"This version is no longer supported. Install the latest from {store}, then log in again.",
            ),
            platform=platform,
            minimum=written(minimum),
            store=store,
        )


def version(text: str) -> Version:
    """`2.1.0` as numbers. Raises ValueError."""
    if not _VERSION.fullmatch(text):
        raise ValueError("a version is up to four numbers: 2.1.0")
    return tuple(int(part) for part in text.split("."))


def written(numbers: Version) -> str:
    """The version as it is said."""
    return ".".join(map(str, numbers))


def application(header: str | None) -> Application | None:
    """What `X-App-Version: ios/2.0.3` says; None when it is absent or not readable.

    Who sends it is honest and of our making: it protects nothing, it only spares an old application from breaking in
    ways that it cannot explain. So what cannot be read is let through, and no browser or tool is ever turned away.
    """
    platform, _, text = (header or "").partition("/")
    if platform not in STORES or not _VERSION.fullmatch(text):
        return None
    return Application(platform, version(text))


def check(asking: Application | None, minimum: Mapping[str, Version]) -> None:
    """Let an application pass that is not older than its platform's minimum. Raises UpgradeRequired."""
    if asking and (least := minimum.get(asking.platform)) and _older(asking.version, least):
        raise UpgradeRequired(asking.platform, least)


def _older(one: Version, other: Version) -> bool:
    """2.1 and 2.1.0 are the same version."""
    return next((a < b for a, b in zip_longest(one, other, fillvalue=0) if a != b), False)
