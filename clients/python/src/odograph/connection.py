"""One `Connect` stream."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent import futures
from queue import SimpleQueue

from odograph.channel import Channel
from odograph.fault import Fault
from odograph.methods import CONNECT
from odograph.telemetry.v1.report_pb2 import VehicleReport
from odograph.telemetry.v1.telemetry_ingest_pb2 import (
    BatchResult,
    ConnectionLimits,
    ConnectRequest,
    ConnectResponse,
    ReportBatch,
)

_CLOSE_WITHIN = 2.0


class Connection:
    """It is never opened again: after a Fault, open another. Its methods may be called from any thread."""

    def __init__(self, channel: Channel, open_within: float = 5.0) -> None:
        """Waits for the server's limits. Raises UNAVAILABLE if it cannot be reached, or sends none within this many
        seconds."""
        self._lock = threading.Lock()
        self._unanswered: dict[int, tuple[int, futures.Future[BatchResult]]] = {}
        self._last_number = 0
        self._fault: Fault | None = None
        self._is_cancelled = False
        self._endpoint = channel.endpoint
        # None ends the requests.
        self._requests: SimpleQueue[ConnectRequest | None] = SimpleQueue()
        self._call = channel.bidi_stream(CONNECT, self._take_requests())
        self._opened: futures.Future[ConnectionLimits] = futures.Future()
        self._reader = threading.Thread(
            target=self._read, args=(channel,), name="odograph-connection", daemon=True
        )
        self._reader.start()
        try:
            self.limits = self._opened.result(open_within)
            """At most `window_batches` batches may be unanswered; each has `max_reports` and `max_bytes` at most."""
        except futures.TimeoutError as error:
            raise Fault("UNAVAILABLE", f"{self._endpoint} did not answer within {open_within} s") from error
        finally:
            if not self._opened.done() or self._opened.exception() is not None:
                self.cancel()

    def send(self, reports: Sequence[VehicleReport]) -> futures.Future[BatchResult]:
        """Sends a batch. The result may be that it was refused whole; without a result the future has the Fault that
        ended the connection."""
        result: futures.Future[BatchResult] = futures.Future()
        # What is sent cannot be cancelled.
        result.set_running_or_notify_cancel()
        with self._lock:
            fault = self._fault
            if fault is None:
                self._last_number += 1
                self._unanswered[self._last_number] = (len(reports), result)
                self._requests.put(
                    ConnectRequest(batch=ReportBatch(number=self._last_number, reports=reports))
                )
        if fault is not None:
            result.set_exception(fault)
        return result

    @property
    def has_ended(self) -> bool:
        """Whether it is over: nothing more is sent."""
        return self._fault is not None

    def close(self) -> None:
        """Sends no more, waits for the results of what was sent, and cancels after two seconds."""
        self._requests.put(None)
        self._reader.join(_CLOSE_WITHIN)
        self.cancel()
        self._reader.join()

    def cancel(self) -> None:
        """Ends it at once: what is under way fails."""
        self._is_cancelled = True
        self._requests.put(None)
        self._call.cancel()

    def _take_requests(self) -> Iterator[ConnectRequest]:
        while (request := self._requests.get()) is not None:
            yield request

    def _read(self, channel: Channel) -> None:
        try:
            with channel.faults(lambda: self._is_cancelled):
                for response in self._call:
                    self._on_response(response)
            self._end(Fault("UNAVAILABLE", f"{self._endpoint} ended the connection"))
        except Fault as fault:
            self._end(fault)

    def _on_response(self, response: ConnectResponse) -> None:
        kind = response.WhichOneof("message")
        if not self._opened.done():
            if kind != "limits":
                what = kind or "an empty message"
                raise Fault("INTERNAL", f"{self._endpoint} must send its limits first, but sent {what}")
            self._opened.set_result(response.limits)
        elif kind == "ack":
            for result in response.ack.batches:
                self._settle(result)

    def _settle(self, result: BatchResult) -> None:
        with self._lock:
            sent = self._unanswered.pop(result.number, None)
        if sent is None:
            raise Fault("INTERNAL", f"the server acknowledged batch {result.number}, which was not sent")
        reports, future = sent
        if not result.HasField("refused") and len(result.results) != reports:
            fault = Fault("INTERNAL", f"the server gave {len(result.results)} results for {reports} reports")
            future.set_exception(fault)
            raise fault
        future.set_result(result)

    def _end(self, fault: Fault) -> None:
        with self._lock:
            self._fault = fault
            unanswered, self._unanswered = self._unanswered, {}
        self._requests.put(None)
        self._call.cancel()
        if not self._opened.done():
            self._opened.set_exception(fault)
        for _, future in unanswered.values():
            future.set_exception(fault)
