"""Notifications, composed: `python -m chassis.server services.notifications.main:app`.

`python -m services.notifications.main rotate-keys` renews the keys of encrypted fields.
"""

import asyncio
import sys

from chassis import rotation
from chassis.app import create_app
from chassis.outbox import Transaction
from chassis.service import Service
from services.notifications.api import router
from services.notifications.consumers import consumers
from services.notifications.mailer import SmtpMailer
from services.notifications.reports import ReportKey
from services.notifications.sender import SENDERS, Sender, SharedClock
from services.notifications.settings import Settings
from services.notifications.store import ENCRYPTED, INDEXES, MongoStore
from services.notifications.texts import Links, Texts

settings = Settings()
service = Service("notifications", settings)


def store(transaction: Transaction) -> MongoStore:
    """The store of one transaction."""
    return MongoStore(transaction, service.cipher, service.sealer.open)


mailer = SmtpMailer(
    settings.smtp_url.host or "",
    settings.smtp_url.port or 0,
    sender=settings.sender,
    tls=settings.smtp_url.scheme == "smtps",
    user=settings.smtp_user,
    password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
)
sender = Sender(
    mailer,
    Texts(Links(str(settings.public_url), settings.freeze_key.get_secret_value())).write,
    service.sealer.open,
    SharedClock(service.database),
    owner=settings.instance,
)
app = create_app(
    service,
    store=store,
    routers=[router],
    consumers=consumers,
    indexes=INDEXES,
    tasks={"expire mails": sender.expire, **{f"send mails {n}": sender.send_due for n in range(1, SENDERS + 1)}},
)
app.state.report_key = ReportKey(settings.mail_report_key.get_secret_value() if settings.mail_report_key else None)

if __name__ == "__main__":
    sys.exit(asyncio.run(rotation.main(sys.argv[1:], service, ENCRYPTED)))
