"""One process of a service at a time: a lease with a token for each holding, timed by the database's clock."""

from datetime import timedelta

from chassis.mongo import Database, Duplicate

LIFE = timedelta(seconds=5)


class Lease:
    """Held by `owner` under a name. A process that starts again under the same owner gets it back at once."""

    def __init__(self, database: Database, name: str, owner: str) -> None:
        self._database = database
        self._name = name
        self._owner = owner
        self.fence = 0

    async def hold(self) -> bool:
        """Take or keep the lease for 5 s; a new holder gets a higher token. Raises DatabaseDown."""
        instant = await self._database.instant()
        async with self._database.bounded():
            leases = self._database["leases"]
            lease = await leases.find_one({"_id": self._name})
            if lease is None:
                lease = {"_id": self._name, "owner": "", "fence": 0, "until": instant}
                try:
                    await leases.insert(lease)
                except Duplicate:
                    return False
            mine = lease["owner"] == self._owner
            if not mine and lease["until"] > instant:
                self.fence = 0
                return False
            fence = lease["fence"] if mine and self.fence == lease["fence"] else lease["fence"] + 1
            taken = await leases.update(
                {"_id": self._name, "owner": lease["owner"], "fence": lease["fence"]},
                {"$set": {"owner": self._owner, "fence": fence, "until": instant + LIFE}},
            )
            self.fence = fence if taken else 0
            return bool(taken)
