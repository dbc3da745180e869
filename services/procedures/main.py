"""Procedures, composed: `python -m chassis.server services.procedures.main:app`.

`python -m services.procedures.main rotate-keys` renews the keys of encrypted fields.
"""

import asyncio
import sys

from chassis import rotation
from chassis.app import create_app
from chassis.service import Service
from contracts.procedures import RequestsViewed
from services.procedures.api import router
from services.procedures.consumers import consumers
from services.procedures.domain.parameters import BUILT_IN, Parameters
from services.procedures.settings import Settings
from services.procedures.store import INDEXES, MongoStore

settings = Settings()
parameters = Parameters((*BUILT_IN, *settings.parameters))
service = Service("procedures", settings)
app = create_app(
    service,
    store=lambda tx: MongoStore(tx, parameters),
    routers=[router],
    consumers=consumers,
    indexes=INDEXES,
    viewed=RequestsViewed,
)

if __name__ == "__main__":
    sys.exit(asyncio.run(rotation.main(sys.argv[1:], service, {})))
