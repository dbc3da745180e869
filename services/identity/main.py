"""Identity, composed: `python -m chassis.server services.identity.main:app`.

`python -m services.identity.main import FILE` takes a register file of the caisse; `rotate-keys` renews the keys of
encrypted fields. `restore`, `reviews` and `decide` are an agent's (`counter.py`).
"""

import asyncio
import sys
from functools import partial

from chassis import rotation
from chassis.app import create_app
from chassis.service import Service
from contracts.identity import ProfileViewed
from services.identity import counter, register
from services.identity.api import Federation, Parts, PasskeyParts, router
from services.identity.codes import Codes
from services.identity.consumers import consumers
from services.identity.domain.parameters import BUILT_IN, Parameters
from services.identity.franceconnect import FranceConnect
from services.identity.freezes import Freezes
from services.identity.passkeys import Authenticators
from services.identity.purge import Purge
from services.identity.settings import Settings
from services.identity.spraying import Spraying
from services.identity.store import ENCRYPTED, INDEXES, MongoStore
from services.identity.tickets import Tickets
from services.identity.tokens import Tokens

settings = Settings()
parameters = Parameters((*BUILT_IN, *settings.parameters))
service = Service("identity", settings)
franceconnect = (
    FranceConnect(settings.franceconnect, deadline=settings.franceconnect_deadline) if settings.franceconnect else None
)
kept_open = {"franceconnect": franceconnect.stay_open} if franceconnect else {}
tickets = Tickets(service.index_key)
app = create_app(
    service,
    store=partial(MongoStore, cipher=service.cipher, parameters=parameters),
    routers=[router],
    consumers=consumers,
    indexes=INDEXES,
    viewed=ProfileViewed,
    tasks={"purge": Purge(settings.purge_every), **kept_open},
)
app.state.parts = Parts(
    codes=Codes(settings.peppers, service.sealer, parameters),
    tokens=Tokens(settings.signing_key.get_secret_value(), service.index_key, settings.access_token_life, parameters),
    seal=service.sealer.seal,
    freezes=Freezes(settings.freeze_jwks),
    spraying=Spraying(service.index_key, parameters),
    rules=parameters,
    neutral_answer_time=settings.neutral_answer_time,
)
app.state.federation = Federation(
    tickets=tickets,
    provider=franceconnect,
    issuer=settings.franceconnect_issuer or "",
    retired=settings.franceconnect_retired,
)
app.state.passkeys = PasskeyParts(authenticators=Authenticators(settings.site), tickets=tickets)

if __name__ == "__main__":
    if sys.argv[1:] == ["rotate-keys"]:
        sys.exit(asyncio.run(rotation.main(sys.argv[1:], service, ENCRYPTED)))
    if sys.argv[1:2] and sys.argv[1] in counter.COMMANDS:
        sys.exit(counter.main(sys.argv[1:], service, app.state.work, app.state.parts.codes.issue))
    sys.exit(register.main(sys.argv[1:], service, app.state.work, INDEXES))
