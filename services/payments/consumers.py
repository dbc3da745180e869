"""What payments listens to: the lines of care that the caisse settled."""

from chassis.consumers import Consumers
from contracts.caisse import CareSettled
from contracts.envelope import Envelope
from services.payments import handlers
from services.payments.handlers import Store

consumers: Consumers[Store] = Consumers(group="payments")


@consumers.on(CareSettled)
async def pay_reimbursement(_: Envelope, event: CareSettled, store: Store) -> None:
    """The inbox drops a repeated event; the settlement's id drops a line that comes again in another event."""
    await handlers.pay_reimbursement(event, store)
