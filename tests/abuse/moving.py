"""Time that passes for what is stored: instants are moved in a service's own database."""

from collections.abc import Callable
from typing import Any

from tests.world import World


def change(world: World, service: str, work: Callable[[Callable[[str], "Rows"]], None]) -> None:
    """Change rows of a service's database, by their collections' names, in one transaction.

    Without one, a change that meets a transaction of the service keeps the embedded database busy for good.
    """
    database = world.database(service)
    with database.client.start_session() as session:
        session.with_transaction(lambda current: work(lambda name: Rows(database[name], current)))


class Rows:
    """A collection within the transaction."""

    def __init__(self, collection: Any, session: Any) -> None:
        self._collection = collection
        self._session = session

    def find(self, where: dict[str, Any]) -> list[dict[str, Any]]:
        """All that match."""
        return list(self._collection.find(where, session=self._session))

    def set(self, where: dict[str, Any], values: dict[str, Any]) -> None:
        """Set these fields of all that match."""
        self._collection.update_many(where, {"$set": values}, session=self._session)

    def remove(self, where: dict[str, Any]) -> None:
        """Remove all that match."""
        self._collection.delete_many(where, session=self._session)
