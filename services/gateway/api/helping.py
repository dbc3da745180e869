"""Help by channel and topic, for whoever is not logged in."""

from functools import cache

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from contracts.channel import Channel
from services.gateway.api.cacheable import cacheable
from services.gateway.api.describing import described
from services.gateway.api.portal_info import DATA, DIRECTORY, CaisseCode
from services.gateway.domain.capabilities import PREFIX, capability
from services.gateway.domain.code_forms import CodeForms
from services.gateway.domain.help import Articles, HelpTopic, Topic, help_topics
from services.gateway.domain.portal_info import Contact

ARTICLES = Articles.model_validate_json((DATA / "help.json").read_bytes())

router = APIRouter(prefix=PREFIX, tags=["public"])


class HelpView(BaseModel):
    """Help in one channel. `contact` is the visitor's caisse, or the number that serves everybody: never a dead end."""

    channel: Channel
    topics: tuple[HelpTopic, ...]
    contact: Contact


@router.get(
    "/help",
    summary="Help by topic",
    operation_id="read_help",
    responses={200: {"model": HelpView}, 304: {"description": "As the caller has it already."}},
    openapi_extra=described(capability("GET", "/help")),
)
async def read_help(
    request: Request, channel: Channel, topic: Topic | None = None, caisse: CaisseCode = None
) -> Response:
    """Step by step: one topic, or all. The appointment with somebody who helps is near the caisse."""
    codes: CodeForms = request.app.state.code_forms.now
    return cacheable(request, _answer(channel, topic, DIRECTORY.code(caisse), codes))


@cache
def _answer(channel: Channel, topic: Topic | None, code: str | None, codes: CodeForms) -> bytes:
    topics = help_topics(ARTICLES, channel, topic, DIRECTORY.guide(code), codes)
    view = HelpView(channel=channel, topics=topics, contact=DIRECTORY.contact(code))
    return view.model_dump_json().encode()
