"""What clients/conformance cannot see of sending: the source, and the end of it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from server import LIMITS, Ingest, until

from odograph import Client, Fault, Sample, SendOptions, Signals, VehicleReport
from odograph.telemetry.v1.telemetry_ingest_pb2 import REPORT_OUTCOME_ACCEPTED

BATCH = 10
OPTIONS = SendOptions(batch_reports=BATCH, linger=0.01, give_up_after=0.5)


class Source:
    """Counts how far it is read."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[VehicleReport]:
        for at in range(1_000):
            self.read += 1
            sample = Sample(observed_at_ms=at + 1, signals=Signals(speed_kmh=at))
            yield VehicleReport(vehicle_id="v", report_id=f"r-{at}", samples=[sample])


def test_the_source_is_read_no_further_than_a_batch_beyond_the_window() -> None:
    source = Source()
    with (
        Ingest(acknowledges=False) as ingest,
        Client(ingest=ingest.endpoint) as client,
        pytest.raises(Fault) as raised,
    ):
        list(client.send(source, options=OPTIONS))
    assert raised.value.code == "UNAVAILABLE"
    assert [len(batch) for batch in ingest.batches] == [BATCH, BATCH]
    assert source.read == 3 * BATCH


def test_the_source_waits_while_no_outcome_is_taken_and_is_left_with_the_iteration() -> None:
    source = Source()
    with Ingest(acknowledges=True) as ingest, Client(ingest=ingest.endpoint) as client:
        sending = client.send(source, options=OPTIONS)
        next(sending)
        until(lambda: source.read >= 2 * BATCH)
        assert source.read <= 4 * BATCH
        del sending
        until(lambda: not any(each.name.startswith("odograph") for each in threading.enumerate()))
        assert source.read <= 4 * BATCH


def test_closing_the_client_ends_what_another_thread_sends() -> None:
    source = Source()
    with Ingest(acknowledges=False) as ingest, ThreadPoolExecutor(1) as pool:
        client = Client(ingest=ingest.endpoint)
        sent = pool.submit(lambda: list(client.send(source, options=SendOptions(batch_reports=BATCH))))
        until(lambda: len(ingest.batches) == LIMITS.window_batches)
        client.close()
        fault = sent.exception(5)
    assert isinstance(fault, Fault) and fault.code == "CANCELLED"


def test_a_message_may_be_used_again_for_the_next_report() -> None:
    report = VehicleReport()

    def source() -> Iterator[VehicleReport]:
        for each in Source():
            report.CopyFrom(each)
            yield report

    with Ingest(acknowledges=True) as ingest, Client(ingest=ingest.endpoint) as client:
        outcomes = [sent.result.outcome for sent in client.send(source(), options=OPTIONS)]
    assert outcomes == [REPORT_OUTCOME_ACCEPTED] * 1_000
    assert [name for batch in ingest.batches for name in batch] == [f"r-{at}" for at in range(1_000)]
