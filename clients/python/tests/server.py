"""Servers of TelemetryIngest.Connect and VehicleStatus.Watch, and a network that fails."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc

from odograph.cache.v1.vehicle_status_pb2 import WatchRequest, WatchResponse
from odograph.channel import Method
from odograph.methods import CONNECT, WATCH
from odograph.telemetry.v1.telemetry_ingest_pb2 import (
    REPORT_OUTCOME_ACCEPTED,
    BatchAck,
    BatchResult,
    ConnectionLimits,
    ConnectRequest,
    ConnectResponse,
    ReportResult,
)

if TYPE_CHECKING:
    from typing_extensions import Self

_PING = 0x6
_IS_ANSWER = 0x1

LIMITS = ConnectionLimits(window_batches=2, max_reports=5_000, max_bytes=1_000_000)


class Server:
    """Answers one method, on loopback."""

    def __init__(
        self, method: Method[Any, Any], handle: Callable[..., Any], handler_of: Callable[..., Any]
    ) -> None:
        self._server = grpc.server(ThreadPoolExecutor(4))
        service, name = method.name.split("/")
        handler = handler_of(handle, method.request.FromString, method.response.SerializeToString)
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {name: handler}),)
        )
        self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None)


class Ingest(Server):
    """Takes batches, and acknowledges them only if it is told to."""

    def __init__(self, acknowledges: bool) -> None:
        self.batches: list[list[str]] = []
        self._acknowledges = acknowledges
        super().__init__(CONNECT, self._connect, grpc.stream_stream_rpc_method_handler)

    def _connect(self, requests: Iterator[ConnectRequest], _context: Any) -> Iterator[ConnectResponse]:
        yield ConnectResponse(limits=LIMITS)
        for request in requests:
            self.batches.append([report.report_id for report in request.batch.reports])
            if self._acknowledges:
                results = [ReportResult(outcome=REPORT_OUTCOME_ACCEPTED)] * len(request.batch.reports)
                done = BatchResult(number=request.batch.number, results=results)
                yield ConnectResponse(ack=BatchAck(through=done.number, batches=[done]))


class Cache(Server):
    """Breaks off the first watches after a message; those that follow stay open until they are left."""

    def __init__(self, breaks: int = 0) -> None:
        self.watches: list[WatchRequest] = []
        self.left = threading.Event()
        self._breaks = breaks
        super().__init__(WATCH, self._watch, grpc.unary_stream_rpc_method_handler)

    def _watch(self, request: WatchRequest, context: Any) -> Iterator[WatchResponse]:
        self.watches.append(request)
        breaks_off = len(self.watches) <= self._breaks
        if not breaks_off:
            # Before the message, after which the client may leave: then it would not be called.
            context.add_callback(self.left.set)
        yield WatchResponse(begins_again=True, is_complete=True)
        if breaks_off:
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        self.left.wait()


class Network:
    """Passes bytes to a server and back, until it is cut: then both sides hear nothing more, as after a cable is pulled."""

    def __init__(self, server: str) -> None:
        self.pings = 0
        self.is_cut = False
        host, port = server.split(":")
        self._server = (host, int(port))
        listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._server)
                threading.Thread(target=self._from_client, args=(client, server), daemon=True).start()
                threading.Thread(target=self._from_server, args=(server, client), daemon=True).start()

    def _from_server(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                if not self.is_cut:
                    client.sendall(data)

    def _from_client(self, client: socket.socket, server: socket.socket) -> None:
        """Passes on HTTP/2 frame by frame, and counts the pings."""
        with suppress(OSError), client.makefile("rb") as frames:
            server.sendall(frames.read(len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")))
            while head := frames.read(9):
                content = frames.read(int.from_bytes(head[:3], "big"))
                if head[3] == _PING and not head[4] & _IS_ANSWER:
                    self.pings += 1
                if not self.is_cut:
                    server.sendall(head + content)


def until(condition: Callable[[], bool]) -> None:
    """Waits for it, ten seconds at most."""
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)
