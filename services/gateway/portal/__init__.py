"""The web pages, made once for each form of codes and answered from memory. They use nothing but the public API."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway.domain.code_forms import SHIPPED, CodeForms
from services.gateway.domain.portal_info import Directory

HERE = Path(__file__).parent
DIRECTORY = Directory.model_validate_json(HERE.with_name("caisses.json").read_bytes())
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
ADDRESSES: Mapping[str, str] = {
    "/": "welcome.html",
    "/creer-mon-compte": "create-account.html",
    "/creer-mon-compte-avec-ma-carte": "create-account-card.html",
    "/connexion": "log-in.html",
    "/code-oublie": "forgotten-code.html",
    "/choisir-mon-code": "choose-code.html",
    "/accueil": "home.html",
    "/paiements": "payments.html",
    "/paiement": "payment.html",
    "/demarches": "requests.html",
    "/demarche": "request.html",
    "/carte-vitale": "order-card.html",
    "/mes-informations": "profile.html",
    "/changer-mon-adresse": "change-email.html",
    "/qui-a-consulte-mes-donnees": "access-log.html",
    "/franceconnect": "franceconnect.html",
    "/application/franceconnect": "application.html",
    "/valider-mon-adresse": "validate-email.html",
    "/aide": "help.html",
    "/ce-n-est-pas-moi": "not-me.html",
    "/compte-ferme": "closed.html",
}
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html"}


@dataclass(frozen=True)
class Page:
    """What is answered at one address."""

    body: bytes
    kind: str

    @cached_property
    def tag(self) -> str:
        """Changes when the body does."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@lru_cache(maxsize=2)
def pages(codes: CodeForms) -> Mapping[str, Page]:
    """Every page and file by its address, with fields for codes of these forms."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    # What a page says of a contact until its script knows the caisse, and when it never does.
    environment.globals["general"] = DIRECTORY.contact(None)
    made = {
        address: Page(environment.get_template(name).render(address=address, codes=codes).encode(), KINDS[".html"])
        for address, name in ADDRESSES.items()
    }
    files = {
        f"/static/{file.name}": Page(file.read_bytes(), KINDS[file.suffix])
        for file in sorted((HERE / "static").iterdir())
    }
    return {**made, **files}


def _route(address: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        page = pages(request.app.state.code_forms.now)[address]
        headers = {**HEADERS, "etag": page.tag}
        if request.headers.get("if-none-match") == page.tag:
            return Response(status_code=304, headers=headers)
        return Response(page.body, headers=headers, media_type=page.kind)

    return answer


def portal() -> APIRouter:
    """One route for each page."""
    made = APIRouter(include_in_schema=False)
    for address in pages(SHIPPED):
        made.add_api_route(address, _route(address), methods=["GET"])
    return made


router = portal()
