"""All that the platform offers."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypedDict, TypeVar, overload

import grpc

from odograph import methods
from odograph.cache.v1 import cache_pb2
from odograph.cache.v1 import cached_history_pb2 as cached_pb2
from odograph.cache.v1 import vehicle_status_pb2 as latest_pb2
from odograph.channel import Channel, Method, Request, Response
from odograph.connection import Connection
from odograph.fault import Fault
from odograph.history.v1 import event_log_pb2 as log_pb2
from odograph.history.v1 import projections_pb2
from odograph.history.v1 import vehicle_history_pb2 as history_pb2
from odograph.history.v1 import vehicle_registry_pb2 as registry_pb2
from odograph.log import follow, is_wanted
from odograph.retry import DEFAULT_TIMEOUT, PASSING, PASSING_FOR_REPORTS, CallOptions, reopened, with_retries
from odograph.send import Item, Sending, SendOptions, Sent, longest_delay
from odograph.telemetry.v1 import telemetry_ingest_pb2 as ingest_pb2
from odograph.telemetry.v1.position_pb2 import Position
from odograph.telemetry.v1.registration_pb2 import UNIT_SYSTEM_IMPERIAL, UNIT_SYSTEM_METRIC
from odograph.telemetry.v1.report_pb2 import VehicleReport
from odograph.telemetry.v1.telemetry_ingest_pb2 import REPORT_OUTCOME_UNAVAILABLE, ReportRequest, ReportResult

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

_LARGEST_PAGE = 1_000
# The longest that the service allows, in seconds. A call without a timeout gets 30, which is short for 10,000 vehicles.
_WARM_TIMEOUT = 300.0
_SEND_DEFAULTS = SendOptions()
_UNITS = {"metric": UNIT_SYSTEM_METRIC, "imperial": UNIT_SYSTEM_IMPERIAL}
_ORDERS = {
    "oldest first": history_pb2.SAMPLE_ORDER_OLDEST_FIRST,
    "newest first": history_pb2.SAMPLE_ORDER_NEWEST_FIRST,
}
_NAME_LISTS = {"tags", "capabilities"}
_LISTS = _NAME_LISTS | {"vehicle_ids", "keys", "signals"}

Order = Literal["oldest first", "newest first"]
Service = Literal["ingest", "history", "cache"]


class VehicleFilter(TypedDict, total=False):
    """Which vehicles a list has. Default: all but the retired ones."""

    fleet: str
    tag: str
    model: str
    text: str
    """Only with this text in the id, name, model or VIN, in any case."""
    include_retired: bool


class LatestFilter(VehicleFilter, total=False):
    """Which vehicles of the cache: those that meet all conditions. Default: all but the retired ones."""

    vehicle_ids: Sequence[str]
    """Only these, at most 1,000."""
    box: latest_pb2.Box
    """Only those whose last known location is in this box."""


class Invalidation(TypedDict, total=False):
    """What becomes invalid in the cache; everything that is named."""

    keys: Sequence[str]
    """Such as `status:bus-7`. One that ends in `:*` means all keys that begin so."""
    tags: Sequence[str]
    all: bool
    """Everything."""


class Warming(TypedDict, total=False):
    """What is loaded before it is asked for: exactly one of these."""

    vehicle_ids: Sequence[str]
    tag: str
    fleet: str
    last_hot: bool
    """What was asked for most lately before the cache was started."""


class Registration(TypedDict, total=False):
    """What people say about a vehicle. An empty text or list means none."""

    fleet: str
    model: str
    display_name: str
    tags: Sequence[str]
    capabilities: Sequence[str]
    vin: str
    units: Literal["metric", "imperial"]
    """In which its values are shown to people."""


class DecisionOptions(CallOptions, total=False):
    """What every change of a registration takes."""

    decision_id: str
    """The same decision sent again with the same id changes nothing and gets the same answer. Default: a new UUID."""
    expected_version: int
    """Decide only if the vehicle has this version; otherwise the call fails with VERSION_CONFLICT."""


class Decision(NamedTuple):
    """A decision that is in the log."""

    version: int
    """The version of the vehicle after the decision."""
    position: Position
    """As `at_least`, it makes a query reflect the decision."""


DecisionRequest = TypeVar(
    "DecisionRequest", registry_pb2.RegisterRequest, registry_pb2.UpdateRequest, registry_pb2.RetireRequest
)
DecisionResponse = TypeVar(
    "DecisionResponse",
    registry_pb2.RegisterResponse,
    registry_pb2.UpdateResponse,
    registry_pb2.RetireResponse,
)


class _PageRequest(Protocol):
    page_token: str


class _Page(Protocol):
    next_page_token: str


PageRequest = TypeVar("PageRequest", bound=_PageRequest)
Page = TypeVar("Page", bound=_Page)


class Client:
    """A client of the platform. It connects with the first call and again after each loss; threads may share it.

    Every method raises a Fault. A call with one answer is tried again, until its timeout, when the server is UNAVAILABLE
    or OVERLOADED; the server's own delay is kept, else the delay grows from 0.1 s to 5 s.
    """

    def __init__(
        self,
        *,
        ingest: str | None = None,
        history: str | None = None,
        cache: str | None = None,
        max_attempts: int | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        options: Sequence[tuple[str, Any]] = (),
        interceptors: Sequence[Any] = (),
    ) -> None:
        """`ingest` is where reports are sent, `history` where queries are answered, and `cache` where the latest statuses
        and cached reads of history are: `host:port`.

        `max_attempts` is the default of each call, and without `credentials` there is no TLS; `options` and
        `interceptors` are those of grpc, for example to send a trace context.
        """
        self._endpoints = {"ingest": ingest, "history": history, "cache": cache}
        self._max_attempts = max_attempts
        self._open: Callable[[str], Channel] = lambda endpoint: Channel(
            endpoint, credentials, options, interceptors
        )
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every call and iteration, also those of other threads, with CANCELLED."""
        with self._lock:
            self._is_closed = True
            for channel in self._channels.values():
                channel.close()

    def report(self, reports: Iterable[VehicleReport], **options: Unpack[CallOptions]) -> list[ReportResult]:
        """Sends reports in one call and returns, once they are on disk or refused, with one result each, in order.

        Reports that could not be stored are sent again; at the timeout their result is UNAVAILABLE. It is retried after
        DEADLINE too. Raises INVALID_INPUT if every report was rejected, TOO_LARGE or INVALID_INPUT if the message is
        over a limit.
        """
        channel = self._channel("ingest")
        sent = list(reports)
        results: dict[int, ReportResult] = {}

        def attempt(timeout: float) -> None:
            missing = [at for at in range(len(sent)) if at not in results or _is_unavailable(results[at])]
            request = ReportRequest(reports=[sent[at] for at in missing])
            answer = channel.unary(methods.REPORT, request, timeout)
            if len(answer.results) != len(missing):
                why = f"the server gave {len(answer.results)} results for {len(missing)} reports"
                raise Fault("INTERNAL", why)
            results.update(zip(missing, answer.results, strict=True))
            if count := sum(map(_is_unavailable, answer.results)):
                delay = longest_delay(answer.results)
                raise Fault("UNAVAILABLE", f"{count} reports were not stored", retry_after=delay)

        try:
            with_retries(channel, attempt, self._with_defaults(options), PASSING_FOR_REPORTS)
        except Fault as fault:
            # Once there are results, they say which reports were not stored, and why.
            if not results or fault.code not in PASSING_FOR_REPORTS:
                raise
        return [results[at] for at in range(len(sent))]

    @overload
    def send(
        self, source: Iterable[VehicleReport], *, options: SendOptions = ...
    ) -> Iterator[Sent[VehicleReport]]: ...

    @overload
    def send(
        self,
        source: Iterable[Item],
        *,
        report_of: Callable[[Item], VehicleReport],
        options: SendOptions = ...,
    ) -> Iterator[Sent[Item]]: ...

    def send(
        self,
        source: Iterable[Any],
        *,
        report_of: Callable[[Any], VehicleReport] = lambda item: item,
        options: SendOptions = _SEND_DEFAULTS,
    ) -> Iterator[Sent[Any]]:
        """Sends a source of reports over one connection, and gives each item with its final outcome.

        Items may be anything of which `report_of` gives the report. The source is read in another thread, no further
        than one batch beyond the server's window, and waits while no outcome is taken. After a disconnect, what was not
        acknowledged is sent again, in the order of the source; a report that the server could not store goes again after
        its delay, while others go on.

        Raises UNAVAILABLE if the server cannot be reached or takes no report for too long, and what the source raises,
        after the outcomes of the items before it.
        """
        return Sending(self._channel("ingest"), source, report_of, options).run()

    def connect(self, open_within: float = 5.0) -> Connection:
        """Opens one `Connect` stream, for programs that decide themselves what to do when it breaks."""
        return Connection(self._channel("ingest"), open_within)

    def status(
        self, vehicle_id: str, *, at_least: Position | None = None, **options: Unpack[CallOptions]
    ) -> history_pb2.GetStatusResponse:
        """The latest known values of a vehicle, and the position that they reflect: at least the given one, for which it
        waits. Raises NOT_FOUND if the vehicle has never reported and is not registered."""
        request = history_pb2.GetStatusRequest(vehicle_id=vehicle_id, at_least=at_least)
        return self._ask(methods.GET_STATUS, request, options)

    def statuses(
        self,
        where: VehicleFilter | None = None,
        *,
        at_least: Sequence[Position] = (),
        **options: Unpack[CallOptions],
    ) -> Iterator[history_pb2.VehicleStatus]:
        """The statuses of a fleet, by vehicle id. The timeout is that of each page."""
        request = history_pb2.ListStatusRequest(at_least=at_least, page_size=_LARGEST_PAGE, **(where or {}))
        for page in _pages(lambda page: self.status_page(page, **options), request):
            yield from page.statuses

    def status_page(
        self, request: history_pb2.ListStatusRequest, **options: Unpack[CallOptions]
    ) -> history_pb2.ListStatusResponse:
        """One page of the statuses, perhaps an empty one before the last, with the positions that it reflects."""
        return self._ask(methods.LIST_STATUS, request, options)

    def latest_status(
        self, vehicle_id: str, *, at_least: Position | None = None, **options: Unpack[CallOptions]
    ) -> latest_pb2.GetResponse:
        """The latest known values of a vehicle from the cache, the position that they reflect, and how old they may be: for
        programs that ask often. Raises NOT_FOUND if the vehicle has never reported and is not registered."""
        request = latest_pb2.GetRequest(vehicle_id=vehicle_id, at_least=at_least)
        return self._ask(methods.GET_LATEST, request, options, service="cache")

    def latest_statuses(
        self,
        where: LatestFilter | None = None,
        *,
        at_least: Sequence[Position] = (),
        **options: Unpack[CallOptions],
    ) -> Iterator[latest_pb2.AgedStatus]:
        """The statuses of vehicles from the cache, by vehicle id. The timeout is that of each page."""
        request = latest_pb2.ListRequest(
            conditions=_conditions_of(where), at_least=at_least, page_size=_LARGEST_PAGE
        )
        for page in _pages(lambda page: self.latest_status_page(page, **options), request):
            yield from page.statuses

    def latest_status_page(
        self, request: latest_pb2.ListRequest, **options: Unpack[CallOptions]
    ) -> latest_pb2.ListResponse:
        """One page of the statuses from the cache, with the positions that it reflects."""
        return self._ask(methods.LIST_LATEST, request, options, service="cache")

    def watch_statuses(
        self,
        where: LatestFilter | None = None,
        *,
        on_disconnect: Callable[[Fault, float], None] | None = None,
    ) -> Iterator[latest_pb2.WatchResponse]:
        """First the statuses of all vehicles that meet the conditions, then each change.

        One that is read slowly gives the latest status of a vehicle, not each one between. After a disconnect it begins
        again, however often, and calls `on_disconnect` with the seconds until then. It ends when the caller leaves it or
        closes the client. Raises what a retry cannot help, such as INVALID_INPUT.
        """
        request = latest_pb2.WatchRequest(conditions=_conditions_of(where))
        yield from reopened(self._channel("cache"), methods.WATCH, lambda: request, on_disconnect)

    def cached_samples(
        self,
        vehicle_id: str,
        *,
        from_ms: int = 0,
        to_ms: int = 0,
        signals: Sequence[str] = (),
        order: Order = "oldest first",
        at_least: Position | None = None,
        **options: Unpack[CallOptions],
    ) -> Iterator[history_pb2.RecordedSample]:
        """A vehicle's samples from the cache, with the arguments of `samples`: for ranges that are asked for often.
        The timeout is that of each page."""
        request = _first_sample_page(
            order, vehicle_id=vehicle_id, from_ms=from_ms, to_ms=to_ms, signals=signals, at_least=at_least
        )
        for page in _pages(lambda page: self.cached_sample_page(page, **options).page, request):
            yield from page.samples

    def cached_sample_page(
        self, request: history_pb2.ListSamplesRequest, **options: Unpack[CallOptions]
    ) -> cached_pb2.ListSamplesResponse:
        """One page of a vehicle's samples from the cache, with the position that it reflects, and how old it may be."""
        query = cached_pb2.ListSamplesRequest(query=request)
        return self._ask(methods.LIST_CACHED_SAMPLES, query, options, service="cache")

    def series(
        self,
        vehicle_id: str,
        signal: str,
        *,
        from_ms: int,
        to_ms: int,
        points: int = 0,
        at_least: Position | None = None,
        **options: Unpack[CallOptions],
    ) -> cached_pb2.GetSeriesResponse:
        """One signal of a vehicle from `from_ms` until before `to_ms` (Unix time in milliseconds), for a chart.

        The range is cut into `points` parts of equal length, up to 2,000; 0 is 300. The answer has the number, least,
        greatest, mean and last of the values in each part that has some, the position that it reflects, and how old it may
        be. The signal is a field name such as `speed_kmh`, or a VSS path; the range may have up to 100,000 samples of it.
        """
        request = cached_pb2.GetSeriesRequest(
            vehicle_id=vehicle_id,
            signal=signal,
            from_ms=from_ms,
            to_ms=to_ms,
            points=points,
            at_least=at_least,
        )
        return self._ask(methods.GET_SERIES, request, options, service="cache")

    def cached_vehicle(
        self, vehicle_id: str, *, at_least: Position | None = None, **options: Unpack[CallOptions]
    ) -> cached_pb2.GetVehicleResponse:
        """A vehicle's registration from the cache, and how old it may be: `found` is what `vehicle` gives.
        Raises NOT_FOUND if the vehicle is not known."""
        query = registry_pb2.GetRequest(vehicle_id=vehicle_id, at_least=at_least)
        request = cached_pb2.GetVehicleRequest(query=query)
        return self._ask(methods.GET_CACHED_VEHICLE, request, options, service="cache")

    def inspect_cache(self, key: str, **options: Unpack[CallOptions]) -> cache_pb2.InspectResponse:
        """What each level of the cache has of a key, such as `status:bus-7`."""
        return self._ask(methods.INSPECT, cache_pb2.InspectRequest(key=key), options, service="cache")

    def invalidate_cache(
        self, invalidation: Invalidation, **options: Unpack[CallOptions]
    ) -> cache_pb2.InvalidateResponse:
        """Makes values of the cache invalid, in all its processes; those that cannot be reached take it later."""
        request = cache_pb2.InvalidateRequest(**_checked(invalidation))
        return self._ask(methods.INVALIDATE, request, options, service="cache")

    def warm_cache(
        self, warming: Warming, timeout: float = _WARM_TIMEOUT
    ) -> Iterator[cache_pb2.WarmResponse]:
        """Loads statuses into the cache before they are asked for, and gives how far it is. The default of the timeout is
        the longest that the service allows. It is not retried."""
        request = cache_pb2.WarmRequest(**_checked(warming))
        yield from self._channel("cache").server_stream(methods.WARM, request, timeout)

    def cache_stats(self, **options: Unpack[CallOptions]) -> cache_pb2.StatsResponse:
        """What the cache holds, and how its levels are."""
        return self._ask(methods.STATS, cache_pb2.StatsRequest(), options, service="cache")

    def samples(
        self,
        vehicle_id: str,
        *,
        from_ms: int = 0,
        to_ms: int = 0,
        signals: Sequence[str] = (),
        order: Order = "oldest first",
        at_least: Position | None = None,
        **options: Unpack[CallOptions],
    ) -> Iterator[history_pb2.RecordedSample]:
        """A vehicle's samples from `from_ms` until before `to_ms`: Unix time in milliseconds; 0 is no end.
        With `signals` only these, and only samples with one of them. The timeout is that of each page."""
        request = _first_sample_page(
            order, vehicle_id=vehicle_id, from_ms=from_ms, to_ms=to_ms, signals=signals, at_least=at_least
        )
        for page in _pages(lambda page: self.sample_page(page, **options), request):
            yield from page.samples

    def sample_page(
        self, request: history_pb2.ListSamplesRequest, **options: Unpack[CallOptions]
    ) -> history_pb2.ListSamplesResponse:
        """One page of a vehicle's samples, with the position that it reflects."""
        return self._ask(methods.LIST_SAMPLES, request, options)

    def events(
        self,
        *,
        after: Sequence[Position] = (),
        start: Literal["first", "now"] = "first",
        partitions: Sequence[int] = (),
        types: Sequence[str] = (),
        subject: str = "",
        on_disconnect: Callable[[Fault, float], None] | None = None,
    ) -> Iterator[log_pb2.LoggedEvent]:
        """Follows the log behind the positions in `after`, and in other partitions from the `first` event or from `now` on.

        Gives only events of these types (default: all but TimeTicked) and of this subject, a vehicle. After a disconnect
        it goes on behind the last event, however often, and calls `on_disconnect` with the seconds until then. It ends
        when the caller leaves it or closes the client. Raises what a retry cannot help, such as INVALID_INPUT.
        """
        for batch in self.event_batches(
            after=after, start=start, partitions=partitions, on_disconnect=on_disconnect
        ):
            yield from (event for event in batch.events if is_wanted(event, types, subject))

    def event_batches(
        self,
        *,
        after: Sequence[Position] = (),
        start: Literal["first", "now"] = "first",
        partitions: Sequence[int] = (),
        on_disconnect: Callable[[Fault, float], None] | None = None,
    ) -> Iterator[log_pb2.SubscribeResponse]:
        """Follows as `events` does, unfiltered, in the server's batches, each with the position to keep as a checkpoint."""
        now = self.watermarks() if start == "now" else []
        yield from follow(self._channel("history"), [*now, *after], partitions, on_disconnect)

    def read_log(
        self,
        *,
        after: Sequence[Position] = (),
        partitions: Sequence[int] = (),
        types: Sequence[str] = (),
        subject: str = "",
        limit: int = 0,
        at_least: Sequence[Position] = (),
        timeout: float | None = None,
    ) -> Iterator[log_pb2.LoggedEvent]:
        """Reads what is in the log now, one partition after the other, once it has the positions in `at_least`. It is not
        retried."""
        request = log_pb2.ReadRequest(
            after=after, partitions=partitions, types=types, subject=subject, limit=limit, at_least=at_least
        )
        for answer in self._channel("history").server_stream(methods.READ, request, timeout):
            yield from answer.events

    def describe_ingest(self, **options: Unpack[CallOptions]) -> ingest_pb2.DescribeResponse:
        """What ingest refuses, of each partition and of all, why and since when, and how much it has taken."""
        request = ingest_pb2.DescribeRequest()
        return self._ask(methods.DESCRIBE_INGEST, request, options, service="ingest")

    def describe_log(self, **options: Unpack[CallOptions]) -> Sequence[log_pb2.PartitionInfo]:
        """The partitions of the log: how far each has come, and its state."""
        return self._ask(methods.DESCRIBE, log_pb2.DescribeRequest(), options).partitions

    def watermarks(self, **options: Unpack[CallOptions]) -> list[Position]:
        """The last position of each partition that has events: as `at_least`, it makes a query reflect all of them."""
        marks = [partition.watermark for partition in self.describe_log(**options)]
        return [mark for mark in marks if mark.sequence > 0]

    def vehicle(
        self, vehicle_id: str, *, at_least: Position | None = None, **options: Unpack[CallOptions]
    ) -> registry_pb2.GetResponse:
        """A vehicle's registration, its version, and whether it is retired. Raises NOT_FOUND if it is not known."""
        request = registry_pb2.GetRequest(vehicle_id=vehicle_id, at_least=at_least)
        return self._ask(methods.GET, request, options)

    def vehicles(
        self,
        where: VehicleFilter | None = None,
        *,
        at_least: Sequence[Position] = (),
        **options: Unpack[CallOptions],
    ) -> Iterator[registry_pb2.Vehicle]:
        """The vehicles, by id, also those that have only reported. The timeout is that of each page."""
        request = registry_pb2.ListRequest(at_least=at_least, page_size=_LARGEST_PAGE, **(where or {}))
        for page in _pages(lambda page: self.vehicle_page(page, **options), request):
            yield from page.vehicles

    def vehicle_page(
        self, request: registry_pb2.ListRequest, **options: Unpack[CallOptions]
    ) -> registry_pb2.ListResponse:
        """One page of the vehicles, perhaps an empty one before the last, with the positions that it reflects."""
        return self._ask(methods.LIST, request, options)

    def register_vehicle(
        self, vehicle_id: str, registration: Registration | None = None, **options: Unpack[DecisionOptions]
    ) -> Decision:
        """Registers a vehicle, or a retired one again, and returns when every query of the replica that answers sees it.

        Like the other decisions it is also retried after DEADLINE, with the same decision id. Raises INVALID_INPUT with
        the wrong fields; RULE_VIOLATED if the vehicle is registered, or an event of it is parked; VERSION_CONFLICT if it
        was changed in the meantime.
        """
        request = registry_pb2.RegisterRequest(vehicle_id=vehicle_id, **_fields_of(registration or {}))
        return self._decide(methods.REGISTER, request, options)

    def update_vehicle(
        self, vehicle_id: str, change: Registration, **options: Unpack[DecisionOptions]
    ) -> Decision:
        """Changes the fields that are given, and no other. Raises as `register_vehicle` does; NOT_FOUND if the vehicle is
        not known; RULE_VIOLATED if it is retired, or has these values already."""
        fields = _fields_of(change)
        for name in _NAME_LISTS & fields.keys():
            fields[name] = registry_pb2.NameList(names=fields[name])
        request = registry_pb2.UpdateRequest(vehicle_id=vehicle_id, **fields)
        return self._decide(methods.UPDATE, request, options)

    def retire_vehicle(self, vehicle_id: str, **options: Unpack[DecisionOptions]) -> Decision:
        """Takes a vehicle out of the lists; its history stays. Raises as `register_vehicle` does; NOT_FOUND if the vehicle
        is not known; RULE_VIOLATED if it is retired already."""
        request = registry_pb2.RetireRequest(vehicle_id=vehicle_id)
        return self._decide(methods.RETIRE, request, options)

    def parked_events(self, **options: Unpack[CallOptions]) -> Iterator[projections_pb2.ParkedEvent]:
        """The events that a projection could not apply, by projection and vehicle."""
        request = projections_pb2.ListParkedRequest(page_size=_LARGEST_PAGE)
        for page in _pages(lambda page: self._ask(methods.LIST_PARKED, page, options), request):
            yield from page.parked

    def retry_parked(self, projection: str, vehicle_id: str, timeout: float = DEFAULT_TIMEOUT) -> Position:
        """Applies a vehicle's parked event again, and returns the position of the decision. It is not retried."""
        request = projections_pb2.RetryParkedRequest(projection=projection, vehicle_id=vehicle_id)
        return self._channel("history").unary(methods.RETRY_PARKED, request, timeout).position

    def drop_parked(self, projection: str, vehicle_id: str, timeout: float = DEFAULT_TIMEOUT) -> Position:
        """Goes on without a vehicle's parked event, and returns the position of the decision. It is not retried."""
        request = projections_pb2.DropParkedRequest(projection=projection, vehicle_id=vehicle_id)
        return self._channel("history").unary(methods.DROP_PARKED, request, timeout).position

    def set_message_aside(self, position: Position, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Lets the log continue without a message that halts its partition, because only a newer program knows its form.
        It is not retried. Raises RULE_VIOLATED if the message does not halt its partition."""
        request = log_pb2.SetAsideMessageRequest(position=position)
        self._channel("history").unary(methods.SET_ASIDE_MESSAGE, request, timeout)

    def _channel(self, service: Service) -> Channel:
        endpoint = self._endpoints[service]
        if endpoint is None:
            raise Fault(
                "INVALID_INPUT", f"Client was given no {service} endpoint: pass {service}='host:port'"
            )
        with self._lock:
            if self._is_closed:
                raise Fault("CANCELLED", f"the client of {endpoint} is closed")
            if service not in self._channels:
                self._channels[service] = self._open(endpoint)
            return self._channels[service]

    def _with_defaults(self, options: CallOptions) -> CallOptions:
        return {"max_attempts": self._max_attempts, **options}

    def _ask(
        self,
        method: Method[Request, Response],
        request: Request,
        options: CallOptions,
        retried: frozenset[str] = PASSING,
        service: Service = "history",
    ) -> Response:
        channel = self._channel(service)
        return with_retries(
            channel,
            lambda timeout: channel.unary(method, request, timeout),
            self._with_defaults(options),
            retried,
        )

    def _decide(
        self,
        method: Method[DecisionRequest, DecisionResponse],
        request: DecisionRequest,
        options: DecisionOptions,
    ) -> Decision:
        """Every attempt has the same decision id."""
        request.decision_id = options.get("decision_id") or str(uuid.uuid4())
        if "expected_version" in options:
            request.expected_version = options["expected_version"]
        answer = self._ask(method, request, options, PASSING_FOR_REPORTS)
        return Decision(answer.version, answer.position)


def _pages(ask: Callable[[PageRequest], Page], request: PageRequest) -> Iterator[Page]:
    """Every page of a list. Each call has the timeout of its options for itself."""
    while True:
        page = ask(request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _is_unavailable(result: ReportResult) -> bool:
    return result.outcome == REPORT_OUTCOME_UNAVAILABLE


def _first_sample_page(order: Order, **fields: Any) -> history_pb2.ListSamplesRequest:
    fields = _checked(fields)
    return history_pb2.ListSamplesRequest(page_size=_LARGEST_PAGE, order=_ORDERS[order], **fields)


def _conditions_of(where: LatestFilter | None) -> latest_pb2.VehicleConditions:
    return latest_pb2.VehicleConditions(**_checked(where or {}))


def _fields_of(registration: Registration) -> dict[str, Any]:
    fields = _checked(registration)
    if "units" in registration:
        fields["units"] = _UNITS[registration["units"]]
    return fields


def _checked(fields: Mapping[str, object]) -> dict[str, Any]:
    """The fields of a message. A text is a sequence too, of its characters, so it is refused as a list."""
    for name in _LISTS & fields.keys():
        if isinstance(fields[name], str):
            raise Fault("INVALID_INPUT", f"{name} must be a list, not the text {fields[name]!r}")
    return {**fields}
