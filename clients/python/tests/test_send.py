"""What clients/conformance cannot see of sending: the source, and the end of it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from odograph import Client, Fault, Sample, SendOptions, Signals, VehicleReport
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

BATCH = 10
OPTIONS = SendOptions(batch_reports=BATCH, linger=0.01, give_up_after=0.5)
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

    def stop(self) -> None:
        self._server.stop(None)

    def _connect(self, requests: Iterator[ConnectRequest], _context: Any) -> Iterator[ConnectResponse]:
        yield ConnectResponse(limits=LIMITS)
        for request in requests:
            self.batches.append([report.report_id for report in request.batch.reports])
            if self._acknowledges:
                results = [ReportResult(outcome=REPORT_OUTCOME_ACCEPTED)] * len(request.batch.reports)
                done = BatchResult(number=request.batch.number, results=results)
                yield ConnectResponse(ack=BatchAck(through=done.number, batches=[done]))


class Source:
    """Counts how far it is read."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[VehicleReport]:
        for at in range(1_000):
            self.read += 1
            sample = Sample(observed_at_ms=at + 1, signals=Signals(speed_kmh=at))
            yield VehicleReport(vehicle_id="v", report_id=f"r-{at}", samples=[sample])


def until(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_source_is_read_no_further_than_a_batch_beyond_the_window() -> None:
    ingest, source = Ingest(acknowledges=False), Source()
    with Client(ingest=ingest.endpoint) as client, pytest.raises(Fault) as raised:
        list(client.send(source, options=OPTIONS))
    assert raised.value.code == "UNAVAILABLE"
    assert [len(batch) for batch in ingest.batches] == [BATCH, BATCH]
    assert source.read == 3 * BATCH
    ingest.stop()


def test_the_source_waits_while_no_outcome_is_taken_and_is_left_with_the_iteration() -> None:
    ingest, source = Ingest(acknowledges=True), Source()
    with Client(ingest=ingest.endpoint) as client:
        sending = client.send(source, options=OPTIONS)
        next(sending)
        until(lambda: source.read >= 2 * BATCH)
        assert source.read <= 4 * BATCH
        del sending
        until(lambda: not any(each.name.startswith("odograph") for each in threading.enumerate()))
        assert source.read <= 4 * BATCH
    ingest.stop()


def test_closing_the_client_ends_what_another_thread_sends() -> None:
    ingest, source = Ingest(acknowledges=False), Source()
    client = Client(ingest=ingest.endpoint)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(lambda: list(client.send(source, options=SendOptions(batch_reports=BATCH))))
        until(lambda: len(ingest.batches) == LIMITS.window_batches)
        client.close()
        fault = sent.exception(5)
    assert isinstance(fault, Fault) and fault.code == "CANCELLED"
    ingest.stop()


def test_a_message_may_be_used_again_for_the_next_report() -> None:
    ingest, report = Ingest(acknowledges=True), VehicleReport()

    def source() -> Iterator[VehicleReport]:
        for each in Source():
            report.CopyFrom(each)
            yield report

    with Client(ingest=ingest.endpoint) as client:
        outcomes = [sent.result.outcome for sent in client.send(source(), options=OPTIONS)]
    assert outcomes == [REPORT_OUTCOME_ACCEPTED] * 1_000
    assert [name for batch in ingest.batches for name in batch] == [f"r-{at}" for at in range(1_000)]
    ingest.stop()
