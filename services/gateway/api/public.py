"""What anybody may ask before logging in."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from contracts.channel import Channel
from services.gateway.api.describing import described
from services.gateway.domain.capabilities import CAPABILITIES, PREFIX, Access, Capability, capability, features
from services.gateway.domain.code_forms import CodeForms
from services.gateway.domain.prerequisites import PREREQUISITES, Prerequisite

router = APIRouter(prefix=PREFIX, tags=["public"])


class FeatureView(BaseModel):
    """A feature and the channels that have it; a tablet counts as app."""

    feature: str
    web: bool
    app: bool


class RouteView(BaseModel):
    """A route: who may call it, from which channels, and for which features."""

    method: str
    path: str
    summary: str
    access: Access
    channels: list[Channel]
    features: list[str]
    idempotent: bool

    @classmethod
    def of(cls, each: Capability) -> "RouteView":
        """The view of a capability."""
        return cls(
            method=each.method,
            path=each.public_path,
            summary=each.summary,
            access=each.access,
            channels=sorted(each.channels),
            features=list(each.features),
            idempotent=each.idempotent,
        )


class CapabilitiesView(BaseModel):
    """Which feature exists in which channel, the routes that give it, and what the codes they take are made of."""

    features: list[FeatureView]
    routes: list[RouteView]
    codes: CodeForms


class PrerequisiteView(BaseModel):
    """One thing to have at hand, and where to find it."""

    id: str
    label: str
    help: str

    @classmethod
    def of(cls, each: Prerequisite) -> "PrerequisiteView":
        """The view of a prerequisite."""
        return cls(id=each.id, label=each.label, help=each.help)


class PrerequisitesView(BaseModel):
    """What creating an account takes in this channel."""

    channel: Channel
    items: list[PrerequisiteView]


@router.get(
    "/capabilities",
    summary="Features by channel",
    operation_id="list_capabilities",
    openapi_extra=described(capability("GET", "/capabilities")),
)
async def list_capabilities(request: Request) -> CapabilitiesView:
    """What is enforced, as it is enforced: a route outside its channels answers 403 `channel-not-allowed`.

    Fields for access codes take what `codes.typed` says; a new code must be what `codes.own` says.
    """
    codes: CodeForms = request.app.state.code_forms.now
    matrix = [
        FeatureView(feature=name, web=Channel.WEB in channels, app=Channel.APP in channels)
        for name, channels in sorted(features().items())
    ]
    return CapabilitiesView(features=matrix, routes=[RouteView.of(each) for each in CAPABILITIES], codes=codes)


@router.get(
    "/accounts/prerequisites",
    summary="What to have at hand",
    operation_id="list_prerequisites",
    openapi_extra=described(capability("GET", "/accounts/prerequisites")),
)
async def list_prerequisites(channel: Channel) -> PrerequisitesView:
    """What creating an account takes, so that nobody starts in vain."""
    items = [PrerequisiteView.of(each) for each in PREREQUISITES[channel]]
    return PrerequisitesView(channel=channel, items=items)
