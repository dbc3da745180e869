"""The one service provider that a folder's FranceConnect knows."""

import json
import os
import secrets
from dataclasses import asdict
from pathlib import Path

from deploy.embedded.france_connect.grants import Client

FILE = "idp-client.json"


def client_of(data: Path) -> Client:
    """The service provider of this folder, registered on the first call."""
    path = data / FILE
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(Client("compte", secrets.token_urlsafe(32))), file)
    except FileExistsError:
        pass
    return Client(**json.loads(path.read_text()))
