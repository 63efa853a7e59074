"""A server of TelemetryIngest.Connect, and a network that fails."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc

from odograph.methods import CONNECT
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


class Ingest:
    """Takes batches, and acknowledges them only if it is told to."""

    def __init__(self, acknowledges: bool) -> None:
        self.batches: list[list[str]] = []
        self._acknowledges = acknowledges
        self._server = grpc.server(ThreadPoolExecutor(4))
        service, method = CONNECT.name.split("/")
        handler = grpc.stream_stream_rpc_method_handler(
            self._connect, CONNECT.request.FromString, CONNECT.response.SerializeToString
        )
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {method: handler}),)
        )
        self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None)

    def _connect(self, requests: Iterator[ConnectRequest], _context: Any) -> Iterator[ConnectResponse]:
        yield ConnectResponse(limits=LIMITS)
        for request in requests:
            self.batches.append([report.report_id for report in request.batch.reports])
            if self._acknowledges:
                results = [ReportResult(outcome=REPORT_OUTCOME_ACCEPTED)] * len(request.batch.reports)
                done = BatchResult(number=request.batch.number, results=results)
                yield ConnectResponse(ack=BatchAck(through=done.number, batches=[done]))


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
