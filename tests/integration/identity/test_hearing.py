"""What identity tells comes back by the broker, into the access log."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest

from chassis.app import CHASSIS_INDEXES, create_app
from contracts.event import Event
from services.identity import handlers
from services.identity.consumers import consumers
from services.identity.domain.access_log import What
from services.identity.store import INDEXES, MongoStore
from tests.infra import fresh_service, until
from tests.unit.identity.fakes import LUCIE, RULES, lucie
from tests.unit.identity.scene import Scene


@pytest.fixture
async def scene(mongodb_url: str, kafka_url: str) -> AsyncIterator[Scene]:
    """Identity as it runs, with its relay and its consumers."""
    async for service in fresh_service("identity", mongodb_url, kafka_url):
        for indexes in (*CHASSIS_INDEXES, INDEXES):
            await service.database.ensure_indexes(indexes)
        store = partial(MongoStore, cipher=service.cipher, parameters=RULES)
        app = create_app(service, store=store, routers=[], consumers=consumers, indexes=INDEXES)
        async with app.router.lifespan_context(app):
            yield Scene(app.state.work, nothing)


async def nothing() -> Sequence[Event]:
    return []


async def test_what_identity_tells_is_in_the_access_log(scene: Scene) -> None:
    await scene.register(lucie())
    await scene.create(lucie(), "lucie@exemple.invalid", "48151623")
    await scene.log_in(lucie().nir, "48151623", "first")

    async def noted() -> bool:
        page = await scene.run(handlers.read_access_log, handlers.ReadAccessLog(LUCIE, None))
        return [entry.what for entry in page.entries] == [What.LOGGED_IN, What.EMAIL_VALIDATED, What.ACCOUNT_CREATED]

    await until(noted, "three entries in the access log")
