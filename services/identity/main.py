"""Identity, composed: `python -m chassis.server services.identity.main:app`.

`python -m services.identity.main import FILE` takes a register file of the caisse.
"""

import sys
from functools import partial

from chassis.app import create_app
from chassis.service import Service
from services.identity import register
from services.identity.api import Parts, router
from services.identity.codes import Codes
from services.identity.consumers import consumers
from services.identity.domain.parameters import BUILT_IN, Parameters
from services.identity.settings import Settings
from services.identity.store import INDEXES, MongoStore
from services.identity.tokens import Tokens

settings = Settings()
parameters = Parameters((*BUILT_IN, *settings.parameters))
service = Service("identity", settings)
app = create_app(
    service,
    store=partial(MongoStore, cipher=service.cipher, parameters=parameters),
    routers=[router],
    consumers=consumers,
    indexes=INDEXES,
)
app.state.parts = Parts(
    codes=Codes(settings.pepper.get_secret_value(), service.sealer, parameters),
    tokens=Tokens(settings.signing_key.get_secret_value(), service.index_key, settings.access_token_life),
    seal=service.sealer.seal,
    neutral_answer_time=settings.neutral_answer_time,
)

if __name__ == "__main__":
    sys.exit(register.main(sys.argv[1:], service, app.state.work, INDEXES))
