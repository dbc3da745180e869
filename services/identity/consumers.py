"""What identity listens to: nothing yet."""

from chassis.consumers import Consumers
from services.identity.handlers import Store

consumers: Consumers[Store] = Consumers(group="identity")
