"""Payments, composed: `python -m chassis.server services.payments.main:app`.

`python -m services.payments.main rotate-keys` renews the keys of encrypted fields.
"""

import asyncio
import sys

from chassis import rotation
from chassis.app import create_app
from chassis.service import Service
from contracts.payments import PaymentsViewed
from services.payments.api import router
from services.payments.consumers import consumers
from services.payments.domain.parameters import BUILT_IN, Parameters
from services.payments.settings import Settings
from services.payments.store import INDEXES, MongoStore

settings = Settings()
parameters = Parameters((*BUILT_IN, *settings.parameters))
service = Service("payments", settings)
app = create_app(
    service,
    store=lambda tx: MongoStore(tx, parameters),
    routers=[router],
    consumers=consumers,
    indexes=INDEXES,
    viewed=PaymentsViewed,
)

if __name__ == "__main__":
    sys.exit(asyncio.run(rotation.main(sys.argv[1:], service, {})))
