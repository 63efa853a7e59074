"""Sends a source of reports over one connection, however often that is lost."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from odograph.channel import Channel
from odograph.connection import Connection
from odograph.fault import Fault, Finding, fault_of_status
from odograph.retry import PASSING_FOR_REPORTS, retry_delay
from odograph.telemetry.v1 import telemetry_ingest_pb2 as ingest
from odograph.telemetry.v1.report_pb2 import VehicleReport

Item = TypeVar("Item")

# Bytes that a message adds to those of its reports, and for each report, at most.
_BYTES_A_MESSAGE = 32
_BYTES_A_REPORT = 8


@dataclass(frozen=True)
class Sent(Generic[Item]):
    """The final outcome of an item."""

    item: Item
    """The caller's own object."""
    result: ingest.ReportResult
    """ACCEPTED, QUARANTINED or REJECTED. A report that fits into no message is REJECTED without being sent."""
    attempts: int
    """How often the report was sent."""


@dataclass(frozen=True)
class SendOptions:
    """Times are in seconds."""

    batch_reports: int = 500
    """Reports in a batch, at most; the server's limits apply too."""
    linger: float = 0.05
    """How long a report waits for others."""
    connect_within: float = 3.0
    """How long to try to open the first connection, and how long each may take to open."""
    give_up_after: float = 120.0
    """How long to go on while the server takes no report."""


class _Entry(Generic[Item]):
    """An item without an outcome."""

    def __init__(self, item: Item, report: VehicleReport) -> None:
        self.item = item
        # A copy: the caller may use its message for the next report.
        self.report = VehicleReport()
        self.report.CopyFrom(report)
        self.bytes = report.ByteSize() + _BYTES_A_REPORT
        self.attempts = 0


_Batch = list[_Entry[Item]]


def _count_fitting(batch: _Batch[Item], limits: ingest.ConnectionLimits) -> int:
    """How many reports of a batch, from the first on, fit into one message."""
    total = _BYTES_A_MESSAGE
    for at, entry in enumerate(batch):
        total += entry.bytes
        if at >= max(1, limits.max_reports) or total > limits.max_bytes:
            return at
    return len(batch)


class Sending(Generic[Item]):
    """Keeps a window of batches under way until every item of a source has its outcome.

    The threads that read the source and the answers put what happened into a mailbox, as functions that the iterating
    thread runs: nothing else changes the state.
    """

    def __init__(
        self,
        channel: Channel,
        source: Iterable[Item],
        report_of: Callable[[Item], VehicleReport],
        options: SendOptions,
    ) -> None:
        self._channel = channel
        self._options = options
        self._batch_reports = max(1, options.batch_reports)
        self._mailbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        # Read from the source and not sent yet; the source has room for no more than a batch of them.
        self._fresh: _Batch[Item] = []
        self._fresh_due = math.inf
        self._room = threading.Semaphore(self._batch_reports - 1)
        self._has_ended = False
        self._source_error: Exception | None = None
        self._is_stopped = False
        # What is sent again, from when on, in order.
        self._again: list[tuple[float, _Batch[Item]]] = []
        self._unanswered = 0
        self._outcomes: list[Sent[Item]] = []
        self._connection: Connection | None = None
        self._limits: ingest.ConnectionLimits | None = None
        # Until then nothing is sent.
        self._hold_until = 0.0
        self._failures_in_a_row = 0
        self._last_fault: Fault | None = None
        # When outcomes were last handed out, or work began after a pause.
        self._progress_at = time.monotonic()
        self._reader = threading.Thread(
            target=self._read, args=(source, report_of), name="odograph-source", daemon=True
        )

    def run(self) -> Iterator[Sent[Item]]:
        failure: Exception | None = None
        self._reader.start()
        try:
            while failure is None and (self._is_busy or not self._has_ended):
                try:
                    self._step()
                except Fault as fault:
                    failure = fault
                if self._outcomes:
                    yield from self._outcomes
                    self._outcomes = []
                    self._progress_at = time.monotonic()
            if failure := failure or self._source_error:
                raise failure
            if self._connection is not None:
                self._connection.close()
        finally:
            self._is_stopped = True
            self._room.release()
            if self._connection is not None:
                self._connection.cancel()

    @property
    def _is_busy(self) -> bool:
        return self._unanswered > 0 or len(self._again) > 0 or len(self._fresh) > 0

    @property
    def _window(self) -> int:
        return max(1, self._limits.window_batches) if self._limits else 1

    def _step(self) -> None:
        """Handles what happened, or sends one batch, or waits."""
        now = time.monotonic()
        due_at = [at for at, (due, _) in enumerate(self._again) if due <= now]
        if not self._mailbox.empty():
            self._mailbox.get()()
        elif now < self._hold_until:
            self._wait(now, self._hold_until)
        elif self._unanswered >= self._window:
            self._wait(now, math.inf)
        elif due_at:
            due, batch = self._again.pop(due_at[0])
            if rest := self._send(batch):
                self._again.insert(due_at[0], (due, rest))
        elif self._unanswered + len(self._again) >= self._window:
            self._wait(now, min(due for due, _ in self._again))
        elif now >= self._fresh_due:
            rest = self._send(self._fresh)
            for _ in range(len(self._fresh) - len(rest)):
                self._room.release()
            self._fresh, self._fresh_due = rest, now if rest else math.inf
        else:
            self._wait(now, min([self._fresh_due, *(due for due, _ in self._again)]))

    def _wait(self, now: float, until: float) -> None:
        if self._is_busy:
            patience = self._options.give_up_after if self._limits else self._options.connect_within
            if now >= self._progress_at + patience:
                raise self._give_up()
            until = min(until, self._progress_at + patience)
        with suppress(Empty):
            self._mailbox.get(timeout=min(until - now, threading.TIMEOUT_MAX))()

    def _read(self, source: Iterable[Item], report_of: Callable[[Item], VehicleReport]) -> None:
        """Runs in a thread of its own: a source may take any time for its next item."""
        error: Exception | None = None
        try:
            for item in source:
                self._mailbox.put(partial(self._on_read, _Entry(item, report_of(item))))
                self._room.acquire()
                if self._is_stopped:
                    return
        except Exception as raised:
            error = raised
        self._mailbox.put(partial(self._on_end, error))

    def _on_read(self, entry: _Entry[Item]) -> None:
        now = time.monotonic()
        if not self._is_busy:
            self._progress_at = now
        self._fresh.append(entry)
        is_full = len(self._fresh) >= self._batch_reports
        self._fresh_due = now if is_full else min(self._fresh_due, now + self._options.linger)

    def _on_end(self, error: Exception | None) -> None:
        self._has_ended, self._source_error = True, error
        self._fresh_due = 0 if self._fresh else math.inf

    def _send(self, batch: _Batch[Item]) -> _Batch[Item]:
        """Sends what fits into one message, and returns the rest. Without a connection nothing is sent."""
        connection = self._connected()
        if connection is None:
            return batch
        count = _count_fitting(batch, connection.limits)
        if count == 0:
            why = f"larger than the {connection.limits.max_bytes} bytes a message may have"
            self._reject(batch[0], Fault("TOO_LARGE", why))
            return batch[1:]
        part = batch[:count]
        self._unanswered += 1
        # On a connection that has ended nothing is sent.
        if not connection.has_ended:
            for entry in part:
                entry.attempts += 1
        result = connection.send([entry.report for entry in part])
        result.add_done_callback(
            lambda future: self._mailbox.put(partial(self._on_answer, connection, part, future))
        )
        return batch[count:]

    def _connected(self) -> Connection | None:
        if self._connection is None:
            try:
                self._connection = Connection(self._channel, self._options.connect_within)
                self._limits = self._connection.limits
            except Fault as fault:
                self._hold(self._delay(fault))
        return self._connection

    def _on_answer(
        self, connection: Connection, batch: _Batch[Item], future: futures.Future[ingest.BatchResult]
    ) -> None:
        self._unanswered -= 1
        error = future.exception()
        if isinstance(error, Fault):
            # All batches of a broken connection come here in their order, and are sent again in that order.
            self._again.append((0, batch))
            if self._connection is connection:
                self._connection = None
                self._hold(self._delay(error))
            return
        answer = future.result()
        if answer.HasField("refused"):
            self._on_refused(batch, fault_of_status(answer.refused))
        else:
            self._on_results(batch, answer.results)

    def _on_results(self, batch: _Batch[Item], results: Sequence[ingest.ReportResult]) -> None:
        not_stored: list[_Entry[Item]] = []
        reason = "it could not store the reports"
        for entry, result in zip(batch, results, strict=True):
            if result.outcome != ingest.REPORT_OUTCOME_UNAVAILABLE:
                self._settle(entry, result)
                continue
            not_stored.append(entry)
            reason = result.findings[0].description if result.findings else reason
        if not_stored:
            self._send_later(not_stored, Fault("UNAVAILABLE", reason, retry_after=longest_delay(results)))

    def _on_refused(self, batch: _Batch[Item], fault: Fault) -> None:
        """A batch that is refused for its content is halved until the wrong report is alone."""
        middle = (len(batch) + 1) // 2
        if fault.code not in ("INVALID_INPUT", "TOO_LARGE"):
            self._send_later(batch, fault)
        elif len(batch) == 1:
            self._reject(batch[0], fault)
        else:
            self._again += [(0, batch[:middle]), (0, batch[middle:])]

    def _send_later(self, batch: _Batch[Item], fault: Fault) -> None:
        """An overloaded server gets nothing at all until its delay is over; else only this batch waits."""
        delay = self._delay(fault)
        if fault.code == "OVERLOADED":
            self._hold(delay)
        self._again.append((time.monotonic() + delay, batch))

    def _hold(self, seconds: float) -> None:
        """Sends nothing for so long, or as long as before."""
        self._hold_until = max(self._hold_until, time.monotonic() + seconds)

    def _delay(self, fault: Fault) -> float:
        """How long to wait after a fault. Raises it if a retry cannot help."""
        if fault.code not in PASSING_FOR_REPORTS:
            raise fault
        self._last_fault = fault
        self._failures_in_a_row += 1
        return retry_delay(fault.retry_after, self._failures_in_a_row - 1)

    def _reject(self, entry: _Entry[Item], fault: Fault) -> None:
        findings = fault.findings or (Finding("", fault.code, fault.message),)
        wire = [
            ingest.Finding(field=each.field, reason=each.reason, description=each.description)
            for each in findings
        ]
        self._settle(entry, ingest.ReportResult(outcome=ingest.REPORT_OUTCOME_REJECTED, findings=wire))

    def _settle(self, entry: _Entry[Item], result: ingest.ReportResult) -> None:
        self._failures_in_a_row = 0
        self._outcomes.append(Sent(entry.item, result, entry.attempts))

    def _give_up(self) -> Fault:
        why = self._last_fault.message if self._last_fault else f"{self._channel.endpoint} does not answer"
        if self._limits is None:
            return Fault("UNAVAILABLE", why)
        seconds = round(self._options.give_up_after)
        return Fault("UNAVAILABLE", f"the server took no report for {seconds} s: {why}")


def longest_delay(results: Iterable[ingest.ReportResult]) -> float | None:
    """The longest delay that the server gives, in seconds; None if it gives none."""
    delays = [result.retry_after_ms / 1_000 for result in results if result.HasField("retry_after_ms")]
    return max(delays, default=None)
