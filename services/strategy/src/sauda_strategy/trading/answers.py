"""What the exchange says of an order."""

from typing import TypeAlias

from sauda.contracts import Fill, OrderAccepted, OrderCancelled, OrderModified, OrderRejected, OrderTriggered

Answer: TypeAlias = OrderAccepted | OrderRejected | OrderTriggered | OrderModified | OrderCancelled | Fill
