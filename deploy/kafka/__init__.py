"""One Apache Kafka on the loopback, without Docker: `with kafka(data, port) as address: ...`."""

from deploy.kafka.broker import Broker, kafka, kill, start, stop
from deploy.kafka.java import BrokerError
from deploy.kafka.settings import Guard

__all__ = ["Broker", "BrokerError", "Guard", "kafka", "kill", "start", "stop"]
