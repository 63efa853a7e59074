"""Follows the event log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from odograph.channel import Channel
from odograph.fault import Fault
from odograph.history.v1.event_log_pb2 import LoggedEvent, SubscribeRequest, SubscribeResponse
from odograph.methods import SUBSCRIBE
from odograph.retry import reopened
from odograph.telemetry.v1.position_pb2 import Position


def follow(
    channel: Channel,
    after: Sequence[Position],
    partitions: Sequence[int],
    on_disconnect: Callable[[Fault, float], None] | None,
) -> Iterator[SubscribeResponse]:
    """Follows the log. After a disconnect it goes on behind the last event, however often."""
    reached = {position.partition: position for position in after}

    def next_request() -> SubscribeRequest:
        return SubscribeRequest(after=reached.values(), partitions=partitions)

    for batch in reopened(channel, SUBSCRIBE, next_request, on_disconnect):
        if not batch.HasField("position"):
            raise Fault("INTERNAL", "the server sent events without the position they reach")
        reached[batch.position.partition] = batch.position
        yield batch


def is_wanted(logged: LoggedEvent, types: Sequence[str], subject: str) -> bool:
    """Whether an event is of these types (none: all but TimeTicked) and of this vehicle (empty: of any)."""
    event = logged.event
    is_of_type = event.type in types if types else event.type != "TimeTicked"
    return is_of_type and (not subject or event.subject == subject)
