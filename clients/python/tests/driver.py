"""Runs the calls of this client that clients/conformance asks for; its README has the protocol.

Usage: driver.py INGEST HISTORY CACHE, each `host:port` or `-`.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

from google.protobuf.message import Message

from odograph import Box, Client, Connection, Fault, Position, SendOptions, Sent, VehicleReport
from odograph.cache.v1.vehicle_status_pb2 import ListRequest, VehicleConditions
from odograph.history.v1.vehicle_history_pb2 import ListSamplesRequest, ListStatusRequest

Json = dict[str, Any]

_writing = threading.Lock()


def write(line: Json) -> None:
    with _writing:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def encoded(message: Message) -> str:
    return b64encode(message.SerializeToString()).decode()


def position(text: str | None) -> Position | None:
    return None if text is None else Position.FromString(b64decode(text))


def positions(texts: list[str]) -> list[Position]:
    return [Position.FromString(b64decode(text)) for text in texts]


def report(text: str) -> VehicleReport:
    return VehicleReport.FromString(b64decode(text))


class Pushed:
    """A source that the other side fills."""

    def __init__(self) -> None:
        self._items: SimpleQueue[Json | None] = SimpleQueue()

    def push(self, item: Json | None) -> None:
        self._items.put(item)

    def __iter__(self) -> Iterator[Json]:
        while (item := self._items.get()) is not None:
            if "error" in item:
                raise RuntimeError(item["error"])
            yield item


class Driver:
    """Each call has a thread of its own."""

    def __init__(self, ingest: str, history: str, cache: str) -> None:
        endpoints = {"ingest": ingest, "history": history, "cache": cache}
        self._endpoints: Any = {name: endpoint for name, endpoint in endpoints.items() if endpoint != "-"}
        self._client = Client(**self._endpoints)
        self._sources: dict[int, Pushed] = {}
        self._followers: dict[int, Client] = {}
        self._left: set[int] = set()

    def on_line(self, line: Json) -> None:
        number = line["id"]
        if "push" in line:
            self._sources[number].push(line["push"])
        elif "finish" in line:
            self._sources[number].push(None)
        elif "cancel" in line:
            self._left.add(number)
            self._followers[number].close()
        else:
            self._sources[number] = Pushed()
            self._followers[number] = Client(**self._endpoints)
            threading.Thread(target=self._run, args=(number, line["call"], line["args"]), daemon=True).start()

    def _run(self, number: int, name: str, args: Json) -> None:
        call: Callable[[int, Json], Iterator[Json]] = getattr(self, f"call_{name}")
        try:
            for item in call(number, args):
                write({"id": number, "item": item})
            write({"id": number, "end": True})
        except Fault as fault:
            if fault.code == "CANCELLED" and number in self._left:
                write({"id": number, "end": True})
                return
            findings = [vars(finding) for finding in fault.findings]
            retry_after_ms = None if fault.retry_after is None else round(fault.retry_after * 1_000)
            details = {"findings": findings, "retryAfterMs": retry_after_ms, "limit": fault.limit}
            write({"id": number, "fault": {"code": fault.code, "message": fault.message, **details}})
        except Exception as error:
            write({"id": number, "error": f"{type(error).__name__}: {error}"})

    def call_report(self, _number: int, args: Json) -> Iterator[Json]:
        for result in self._client.report(map(report, args["reports"]), **options(args)):
            yield {"result": encoded(result)}

    def call_send(self, number: int, args: Json) -> Iterator[Json]:
        given = SendOptions(
            batch_reports=args.get("batchReports", 500),
            linger=args.get("lingerMs", 50) / 1_000,
            connect_within=args.get("connectWithinMs", 3_000) / 1_000,
            give_up_after=args.get("giveUpAfterMs", 120_000) / 1_000,
        )
        source = self._sources[number]
        sent: Sent[Json]
        for sent in self._client.send(source, report_of=lambda item: report(item["report"]), options=given):
            yield {"row": sent.item["row"], "result": encoded(sent.result), "attempts": sent.attempts}

    def call_connect(self, _number: int, args: Json) -> Iterator[Json]:
        connection: Connection = self._client.connect()
        yield {"limits": encoded(connection.limits)}
        answers = [connection.send([report(text) for text in batch]) for batch in args["batches"]]
        for answer in answers:
            yield {"batch": encoded(answer.result())}
        connection.close()
        yield {"hasEnded": connection.has_ended}

    def call_status(self, _number: int, args: Json) -> Iterator[Json]:
        answer = self._client.status(
            args["vehicleId"], at_least=position(args.get("atLeast")), **options(args)
        )
        yield {"status": encoded(answer.status), "position": encoded(answer.position)}

    def call_statuses(self, _number: int, args: Json) -> Iterator[Json]:
        where: Any = filter_of(args)
        for status in self._client.statuses(
            where, at_least=positions(args.get("atLeast", [])), **options(args)
        ):
            yield {"status": encoded(status)}

    def call_statusPage(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        request = ListStatusRequest(
            page_size=args["pageSize"], page_token=args["pageToken"], **filter_of(args)
        )
        page = self._client.status_page(request, **options(args))
        yield {"page": encoded(page)}

    def call_latestStatus(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        answer = self._client.latest_status(
            args["vehicleId"], at_least=position(args.get("atLeast")), **options(args)
        )
        yield {
            "status": encoded(answer.status),
            "position": encoded(answer.position),
            "freshness": encoded(answer.freshness),
        }

    def call_latestStatuses(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        where: Any = filter_of(args)
        for aged in self._client.latest_statuses(
            where, at_least=positions(args.get("atLeast", [])), **options(args)
        ):
            yield {"aged": encoded(aged)}

    def call_latestStatusPage(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        request = ListRequest(
            conditions=VehicleConditions(**filter_of(args)),
            page_size=args["pageSize"],
            page_token=args["pageToken"],
        )
        yield {"page": encoded(self._client.latest_status_page(request, **options(args)))}

    def call_watchStatuses(self, number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        where: Any = filter_of(args)
        for message in self._followers[number].watch_statuses(where):
            yield {"message": encoded(message)}

    def call_cachedSamples(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        for sample in self._client.cached_samples(args["vehicleId"], **range_of(args), **options(args)):
            yield {"sample": encoded(sample)}

    def call_cachedSamplePage(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        answer = self._client.cached_sample_page(sample_page_request(args), **options(args))
        yield {"page": encoded(answer.page), "freshness": encoded(answer.freshness)}

    def call_series(self, _number: int, args: Json) -> Iterator[Json]:
        answer = self._client.series(
            args["vehicleId"],
            args["signalName"],
            from_ms=args["fromMs"],
            to_ms=args["toMs"],
            points=args.get("points", 0),
            at_least=position(args.get("atLeast")),
            **options(args),
        )
        yield {"series": encoded(answer)}

    def call_cachedVehicle(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        answer = self._client.cached_vehicle(
            args["vehicleId"], at_least=position(args.get("atLeast")), **options(args)
        )
        yield {
            "vehicle": encoded(answer.found.vehicle),
            "position": encoded(answer.found.position),
            "freshness": encoded(answer.freshness),
        }

    def call_inspectCache(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        yield {"answer": encoded(self._client.inspect_cache(args["key"], **options(args)))}

    def call_invalidateCache(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        invalidation: Any = args["invalidation"]
        answer = self._client.invalidate_cache(invalidation, **options(args))
        yield {"isDegraded": answer.is_degraded}

    def call_warmCache(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        warming: Any = snake_case(args["warming"])
        for progress in self._client.warm_cache(warming):
            yield {"progress": encoded(progress)}

    def call_cacheStats(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        yield {"answer": encoded(self._client.cache_stats(**options(args)))}

    def call_samples(self, _number: int, args: Json) -> Iterator[Json]:
        for sample in self._client.samples(args["vehicleId"], **range_of(args), **options(args)):
            yield {"sample": encoded(sample)}

    def call_samplePage(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        yield {"page": encoded(self._client.sample_page(sample_page_request(args), **options(args)))}

    def call_events(self, number: int, args: Json) -> Iterator[Json]:
        events = self._followers[number].events(
            after=positions(args.get("after", [])),
            start=args.get("from", "first"),
            partitions=args.get("partitions", []),
            types=args.get("types", []),
            subject=args.get("subject", ""),
        )
        for event in events:
            yield {"position": encoded(event.position), "event": encoded(event.event)}

    def call_eventBatches(self, number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        for batch in self._followers[number].event_batches(after=positions(args.get("after", []))):
            yield {"position": encoded(batch.position), "events": len(batch.events)}

    def call_readLog(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        events = self._client.read_log(
            after=positions(args.get("after", [])),
            partitions=args.get("partitions", []),
            types=args.get("types", []),
            subject=args.get("subject", ""),
            limit=args.get("limit", 0),
            at_least=positions(args.get("atLeast", [])),
        )
        for event in events:
            yield {"position": encoded(event.position), "event": encoded(event.event)}

    def call_describeIngest(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        yield {"answer": encoded(self._client.describe_ingest(**options(args)))}

    def call_setMessageAside(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        self._client.set_message_aside(Position.FromString(b64decode(args["position"])))
        yield {}

    def call_describeLog(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        for partition in self._client.describe_log(**options(args)):
            yield {"partition": encoded(partition)}

    def call_watermarks(self, _number: int, args: Json) -> Iterator[Json]:
        for mark in self._client.watermarks(**options(args)):
            yield {"position": encoded(mark)}

    def call_vehicle(self, _number: int, args: Json) -> Iterator[Json]:
        answer = self._client.vehicle(
            args["vehicleId"], at_least=position(args.get("atLeast")), **options(args)
        )
        yield {"vehicle": encoded(answer.vehicle), "position": encoded(answer.position)}

    def call_vehicles(self, _number: int, args: Json) -> Iterator[Json]:
        where: Any = filter_of(args)
        for vehicle in self._client.vehicles(
            where, at_least=positions(args.get("atLeast", [])), **options(args)
        ):
            yield {"vehicle": encoded(vehicle)}

    def call_registerVehicle(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        decision = self._client.register_vehicle(args["vehicleId"], registration(args), **options(args))
        yield {"version": decision.version, "position": encoded(decision.position)}

    def call_updateVehicle(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        decision = self._client.update_vehicle(args["vehicleId"], registration(args), **options(args))
        yield {"version": decision.version, "position": encoded(decision.position)}

    def call_retireVehicle(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        decision = self._client.retire_vehicle(args["vehicleId"], **options(args))
        yield {"version": decision.version, "position": encoded(decision.position)}

    def call_parkedEvents(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        for parked in self._client.parked_events(**options(args)):
            yield {"parked": encoded(parked)}

    def call_retryParked(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        yield {"position": encoded(self._client.retry_parked(args["projection"], args["vehicleId"]))}

    def call_dropParked(self, _number: int, args: Json) -> Iterator[Json]:  # noqa: N802
        yield {"position": encoded(self._client.drop_parked(args["projection"], args["vehicleId"]))}


def options(args: Json) -> Any:
    """What was given of the options that every call has."""
    given: Json = {}
    if "deadlineMs" in args:
        given["timeout"] = args["deadlineMs"] / 1_000
    names = {
        "maxAttempts": "max_attempts",
        "decisionId": "decision_id",
        "expectedVersion": "expected_version",
    }
    return {**given, **{theirs: args[ours] for ours, theirs in names.items() if ours in args}}


def range_of(args: Json) -> Any:
    return {
        "from_ms": args.get("fromMs", 0),
        "to_ms": args.get("toMs", 0),
        "signals": args.get("signals", []),
        "order": args.get("order", "oldest first"),
        "at_least": position(args.get("atLeast")),
    }


def sample_page_request(args: Json) -> ListSamplesRequest:
    return ListSamplesRequest(
        vehicle_id=args["vehicleId"],
        from_ms=args.get("fromMs", 0),
        to_ms=args.get("toMs", 0),
        page_size=args["pageSize"],
        page_token=args.get("pageToken", ""),
        with_total=True,
        at_least=position(args.get("atLeast")),
    )


def filter_of(args: Json) -> Json:
    given = snake_case(args.get("filter", {}))
    if "box" in given:
        given["box"] = Box(**snake_case(given["box"]))
    return given


def registration(args: Json) -> Any:
    return snake_case(args.get("fields", {}))


def snake_case(given: Json) -> Json:
    """The fields as this client names them."""
    return {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name): given[name] for name in given}


def main() -> None:
    driver = Driver(*sys.argv[1:4])
    for line in sys.stdin:
        driver.on_line(json.loads(line))


if __name__ == "__main__":
    main()
