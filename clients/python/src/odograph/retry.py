"""When a call is tried again."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import TypedDict, TypeVar

from odograph.channel import Channel, Method, Request, Response
from odograph.fault import Fault

Result = TypeVar("Result")

DEFAULT_TIMEOUT = 30.0
_FIRST_DELAY = 0.1
_MAX_DELAY = 5.0

PASSING = frozenset({"UNAVAILABLE", "OVERLOADED"})
"""The server is away or full: the same request may succeed later."""
PASSING_FOR_REPORTS = PASSING | {"DEADLINE"}
"""For reports and decisions also a deadline: their id makes a second delivery harmless."""


class CallOptions(TypedDict, total=False):
    """What every call with one answer takes."""

    timeout: float
    """For the whole call, retries included, in seconds. Default: 30."""
    max_attempts: int | None
    """How often to try, the first time included. Default: as often as the timeout allows."""


def retry_delay(retry_after: float | None, failures_before: int) -> float:
    """The server's own delay, or one that doubles with every failure in a row from 0.1 s to 5 s, of which up to half is
    left out at random. In seconds."""
    if retry_after is not None:
        return retry_after
    backoff = min(_MAX_DELAY, _FIRST_DELAY * 2.0 ** min(failures_before, 10))
    return backoff * random.uniform(0.5, 1)  # noqa: S311


def with_retries(
    channel: Channel,
    attempt: Callable[[float], Result],
    options: CallOptions,
    retried: frozenset[str] = PASSING,
) -> Result:
    """Tries until it succeeds, and raises the last fault when the next try would be after the deadline. Each try gets the
    seconds that are left."""
    deadline = time.monotonic() + options.get("timeout", DEFAULT_TIMEOUT)
    max_attempts = options.get("max_attempts") or math.inf
    for failures in count():
        try:
            return attempt(deadline - time.monotonic())
        except Fault as fault:
            delay = retry_delay(fault.retry_after, failures)
            is_last = failures + 1 >= max_attempts or time.monotonic() + delay >= deadline
            if fault.code not in retried or is_last:
                raise
        channel.sleep(delay)
    raise AssertionError("unreachable")


def reopened(
    channel: Channel,
    method: Method[Request, Response],
    next_request: Callable[[], Request],
    on_disconnect: Callable[[Fault, float], None] | None,
) -> Iterator[Response]:
    """The answers of a stream that is opened again after each disconnect, however often."""
    failures_in_a_row = 0
    while True:
        try:
            for answer in channel.server_stream(method, next_request()):
                failures_in_a_row = 0
                yield answer
            raise Fault("UNAVAILABLE", f"{channel.endpoint} ended the stream")
        except Fault as fault:
            if fault.code not in PASSING_FOR_REPORTS:
                raise
            delay = retry_delay(fault.retry_after, failures_in_a_row)
            failures_in_a_row += 1
            if on_disconnect:
                on_disconnect(fault, delay)
        channel.sleep(delay)
