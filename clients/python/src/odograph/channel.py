"""A connection to one server, and single calls on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import grpc
from google.protobuf.message import Message

from odograph.fault import Fault, fault_of_call, has_details

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # The two that newer versions of gRPC wait for: by default an idle connection sends two pings, and waits 60 s for each.
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
)
# The longest timeout that gRPC can hold, in seconds; a longer one is none.
_TIMEOUT_MAX = 2_000_000


@dataclass(frozen=True)
class Method(Generic[Request, Response]):
    """A method of the contracts."""

    name: str
    """Such as `odograph.history.v1.EventLog/Read`."""
    request: type[Request]
    response: type[Response]

    @property
    def form(self) -> tuple[str, Callable[[Request], bytes], Callable[[bytes], Response]]:
        """What a grpc channel takes."""
        return f"/{self.name}", self.request.SerializeToString, self.response.FromString


class Channel:
    """It connects with the first call and again after each loss. Its calls raise a Fault."""

    def __init__(
        self,
        endpoint: str,
        credentials: grpc.ChannelCredentials | None = None,
        options: Sequence[tuple[str, Any]] = (),
        interceptors: Sequence[Any] = (),
    ) -> None:
        self.endpoint = endpoint
        self._closed = threading.Event()
        # The first of two options of one name counts.
        every_option = (*options, *_OPTIONS)
        if credentials is None:
            self._channel = grpc.insecure_channel(endpoint, every_option)
        else:
            self._channel = grpc.secure_channel(endpoint, credentials, every_option)
        self._calls = grpc.intercept_channel(self._channel, *interceptors)

    def unary(self, method: Method[Request, Response], request: Request, timeout: float) -> Response:
        """Calls a method with one answer, once. The timeout is in seconds."""
        with self.faults():
            return self._calls.unary_unary(*method.form)(request, timeout=_timeout_of(timeout))

    def server_stream(
        self, method: Method[Request, Response], request: Request, timeout: float | None = None
    ) -> Iterator[Response]:
        """Calls a method with many answers when iteration begins. Leaving the iteration cancels the call."""
        with self.faults():
            call = self._calls.unary_stream(*method.form)(request, timeout=_timeout_of(timeout))
            try:
                yield from call
            finally:
                call.cancel()

    def bidi_stream(
        self, method: Method[Request, Response], requests: Iterator[Request]
    ) -> grpc._CallIterator[Response]:
        """Calls a method with many requests and many answers. To be iterated within `faults`."""
        with self.faults():
            return self._calls.stream_stream(*method.form)(requests)

    @contextmanager
    def faults(self, is_cancelled: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Converts what gRPC raises. `is_cancelled` says whether this side cancelled the call: a server can too."""
        try:
            yield
        except grpc.RpcError as error:
            raise self._fault_of(error, is_cancelled() or self._closed.is_set()) from error
        except ValueError as error:
            if not self._closed.is_set():
                raise
            raise self._closed_fault() from error

    def sleep(self, seconds: float) -> None:
        """Raises CANCELLED when the channel is closed."""
        if self._closed.wait(seconds):
            raise self._closed_fault()

    def close(self) -> None:
        """Ends every call with CANCELLED."""
        self._closed.set()
        self._channel.close()

    def _closed_fault(self) -> Fault:
        return Fault("CANCELLED", f"the client of {self.endpoint} is closed")

    def _fault_of(self, error: grpc.RpcError, is_cancelled: bool) -> Fault:
        """Without an answer of the server itself, the message names its endpoint."""
        if not isinstance(error, grpc.Call):
            return Fault("INTERNAL", f"the call failed: {error}")
        code, why = error.code(), error.details() or ""
        is_reset = code is grpc.StatusCode.CANCELLED or why.startswith(
            ("Received RST_STREAM", "Stream removed")
        )
        if is_reset and not is_cancelled:
            return Fault("UNAVAILABLE", f"{self.endpoint} broke off the call: {why}")
        asked = f"is {self.endpoint} another service, or of an older version?"
        of_transport = {
            grpc.StatusCode.UNIMPLEMENTED: Fault("INVALID_INPUT", f"{why}: {asked}"),
            grpc.StatusCode.DEADLINE_EXCEEDED: Fault("DEADLINE", f"{self.endpoint} did not answer in time"),
            grpc.StatusCode.UNAVAILABLE: Fault("UNAVAILABLE", f"cannot reach {self.endpoint}: {why}"),
        }
        if has_details(error) or code not in of_transport:
            return fault_of_call(error)
        return of_transport[code]


def _timeout_of(seconds: float | None) -> float | None:
    return None if seconds is None or seconds > _TIMEOUT_MAX else seconds
