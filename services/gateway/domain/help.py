"""Help for whoever cannot log in or does not know how to begin (domain F16, F22, F29, F30, F85); texts are data."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.channel import Channel
from services.gateway.domain.code_forms import CodeForms


class Topic(StrEnum):
    """What help is about."""

    NIR = "nir"
    CODE = "code"
    SPAM = "spam"
    FRANCECONNECT = "franceconnect"
    CREATE_ACCOUNT = "create-account"
    CONTACT = "contact"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HelpLink(_Part):
    """Where to do it: a page of this site."""

    label: str
    url: str


class Guidance(_Part):
    """The partner site on which an appointment is made with somebody who helps face to face (inclusion numérique)."""

    label: str
    url: str


class Article(_Part):
    """One topic. `steps` differ where the channels do; `guided` when one may rather be accompanied."""

    id: Topic
    title: str
    steps: Mapping[Channel, tuple[str, ...]]
    links: tuple[HelpLink, ...] = ()
    guided: bool = False

    @model_validator(mode="after")
    def _says_something_in_every_channel(self) -> Self:
        silent = [channel for channel in Channel if not self.steps.get(channel)]
        if silent:
            raise ValueError(f"{self.id} says nothing in {', '.join(silent)}")
        return self


class Articles(_Part):
    """Every topic, once, in the order in which they are shown."""

    topics: tuple[Article, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if sorted(each.id for each in self.topics) != sorted(Topic):
            raise ValueError("a topic is missing, or is there twice")
        return self


class HelpTopic(_Part):
    """One topic in one channel: what to do, step by step. `appointment` is with somebody who helps face to face."""

    id: Topic
    title: str
    steps: tuple[str, ...] = Field(min_length=1)
    links: tuple[HelpLink, ...]
    appointment: Guidance | None


def help_topics(
    articles: Articles, channel: Channel, topic: Topic | None, guidance: Guidance, codes: CodeForms
) -> tuple[HelpTopic, ...]:
    """One topic, or all of them. Applications have no pages of this site to go to, so they get no links to them."""
    return tuple(
        HelpTopic(
            id=each.id,
            title=each.title,
            steps=tuple(codes.told(step) for step in each.steps[channel]),
            links=each.links if channel is Channel.WEB else (),
            appointment=guidance if each.guided else None,
        )
        for each in articles.topics
        if topic in (None, each.id)
    )
