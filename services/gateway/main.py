"""The gateway, composed: `python -m chassis.server services.gateway.main:app`.

`python -m services.gateway.main rebuild [--verify]` makes every home page again from the first event on;
`rotate-keys` renews the keys of encrypted fields.
"""

import asyncio
import sys

from chassis import rotation
from chassis.app import create_app
from chassis.auth import internal_signer
from chassis.history import history
from chassis.outbox import Transaction
from chassis.service import Service
from chassis.work import Work
from services.gateway import docs, limiter, portal, proofs
from services.gateway.access_tokens import AccessTokens
from services.gateway.api import routers
from services.gateway.api.access import Edge
from services.gateway.api.limiting import RateLimitHeaders, RateLimits, Room
from services.gateway.api.upgrading import install_upgrades
from services.gateway.consumers import consumers
from services.gateway.domain.app_links import android_association, apple_association
from services.gateway.rebuild import rebuild, sound
from services.gateway.settings import Settings
from services.gateway.store import INDEXES, Caisses, MongoStore, Pages
from services.gateway.upstream import FormsInForce, Upstream

settings = Settings()
service = Service("gateway", settings)
caisses = Caisses()


def store(transaction: Transaction) -> MongoStore:
    """The store in one transaction."""
    return MongoStore(transaction, caisses)


upstream = Upstream(
    settings.upstreams,
    internal_signer(settings.internal_key.get_secret_value()),
    deadline=settings.upstream_deadline,
    limit=settings.upstream_limit,
)
tokens = AccessTokens(Work(service.database, service.source, store, service.wake), upstream.identity_keys)
code_forms = FormsInForce(upstream.code_forms)
app = create_app(
    service,
    store=store,
    routers=[*routers, docs.router, portal.router],
    consumers=consumers,
    indexes={**INDEXES, **limiter.INDEXES, **proofs.INDEXES},
    tasks={"revoked sessions": tokens.follow_revoked, "upstream": upstream.stay_open, "code forms": code_forms.follow},
    edge=True,
)
app.add_middleware(RateLimitHeaders)
install_upgrades(app)
app.state.code_forms = code_forms
app.state.edge = Edge(
    upstream,
    tokens,
    Pages(service.database),
    RateLimits(
        limiter.Limiter(service.database, service.cipher.blind),
        proofs.Proofs(service.database, service.cipher.blind("secret of the proofs of work"), settings.proof_cost),
        settings.limits_in_force,
        settings.trusted_proxies,
    ),
    settings.public_url,
    settings.link_to_application,
    Room(settings.log_ins_at_once),
    apple_association(settings.ios_apps, settings.link_to_application) if settings.ios_apps else {},
    android_association(settings.android_apps),
    secure_cookies=settings.secure_cookies,
    other_origins=settings.other_origins,
    app_minimum=settings.oldest_applications,
)


async def main(arguments: list[str]) -> int:
    """Rebuild the home pages, or with `--verify` compare them, or `rotate-keys`. 0 only when all went well."""
    if arguments == ["rotate-keys"]:
        return await rotation.main(arguments, service, {})
    if arguments[:1] != ["rebuild"] or set(arguments[1:]) - {"--verify"}:
        sys.stderr.write("usage: python -m services.gateway.main rebuild [--verify] | rotate-keys\n")
        return 2
    count = await rebuild(history(settings, consumers.topics), app.state.work, verify="--verify" in arguments)
    await service.database.close()
    sys.stdout.write(f"home pages: {', '.join(f'{n} {verdict}' for verdict, n in count.items()) or 'none'}\n")
    return 0 if sound(count) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
