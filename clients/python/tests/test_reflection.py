"""The platform can be called with nothing but its address, as grpcio-reflection does it.

The endpoints are in ODO_TEST_INGEST, ODO_TEST_HISTORY, ODO_TEST_CACHE and ODO_TEST_ALERTING.
"""

import os
from typing import Any

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICES = {
    "ODO_TEST_INGEST": {"odograph.telemetry.v1.TelemetryIngest"},
    "ODO_TEST_HISTORY": {
        "odograph.history.v1.EventLog",
        "odograph.history.v1.Projections",
        "odograph.history.v1.VehicleHistory",
        "odograph.history.v1.VehicleRegistry",
    },
    "ODO_TEST_CACHE": {
        "odograph.cache.v1.Cache",
        "odograph.cache.v1.CachedHistory",
        "odograph.cache.v1.VehicleStatus",
    },
    "ODO_TEST_ALERTING": {
        "odograph.alerting.v1.AlertRules",
        "odograph.alerting.v1.Alerts",
        "odograph.alerting.v1.DeadLetters",
        "odograph.alerting.v1.Silences",
    },
}


def test_every_service_is_listed_and_described_with_its_messages() -> None:
    for endpoint, ours in SERVICES.items():
        with grpc.insecure_channel(os.environ[endpoint]) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            pool = DescriptorPool(database)
            services = set(database.get_services())
            assert ours | {"grpc.health.v1.Health"} <= services
            for name in services:
                for method in pool.FindServiceByName(name).methods:
                    assert GetMessageClass(method.input_type) and GetMessageClass(method.output_type)


def call(endpoint: str, service: str, method: str, /, **fields: Any) -> Any:
    """Calls a method with what reflection says about its messages."""
    with grpc.insecure_channel(os.environ[endpoint]) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        described = pool.FindServiceByName(service).methods_by_name[method]
        request, response = GetMessageClass(described.input_type), GetMessageClass(described.output_type)
        make = channel.unary_unary(f"/{service}/{method}", request.SerializeToString, response.FromString)
        return make(request(**fields), timeout=10)


def test_calls_are_made_from_what_reflection_says() -> None:
    log = call("ODO_TEST_HISTORY", "odograph.history.v1.EventLog", "Describe")
    assert [each.watermark.partition for each in log.partitions] == list(range(len(log.partitions)))
    intake = call("ODO_TEST_INGEST", "odograph.telemetry.v1.TelemetryIngest", "Describe")
    assert [each.partition for each in intake.partitions] == list(range(len(log.partitions)))
    assert len(log.partitions) > 0

    speed = 42
    sample = {"observed_at_ms": 1_700_000_000_000, "signals": {"speed_kmh": speed}}
    report = {"vehicle_id": "reflected-1", "report_id": "r1", "samples": [sample]}
    sent = call("ODO_TEST_INGEST", "odograph.telemetry.v1.TelemetryIngest", "Report", reports=[report])
    [result] = sent.results
    at_least = {"partition": result.position.partition, "sequence": result.position.sequence}
    asked = {"vehicle_id": "reflected-1", "at_least": at_least}
    found = call("ODO_TEST_HISTORY", "odograph.history.v1.VehicleHistory", "GetStatus", **asked)
    assert found.status.signals.speed_kmh == speed
    found = call("ODO_TEST_CACHE", "odograph.cache.v1.VehicleStatus", "Get", **asked)
    assert found.status.signals.speed_kmh == speed
    found = call("ODO_TEST_CACHE", "odograph.cache.v1.CachedHistory", "ListSamples", query=asked)
    assert [each.signals.speed_kmh for each in found.page.samples] == [speed]


def test_the_other_services_are_called_too() -> None:
    vehicle = {"vehicle_id": "reflected-2", "decision_id": "d1", "display_name": "Reflected"}
    decided = call("ODO_TEST_HISTORY", "odograph.history.v1.VehicleRegistry", "Register", **vehicle)
    assert decided.version == 1 and decided.position.sequence > 0
    listed = call("ODO_TEST_HISTORY", "odograph.history.v1.Projections", "ListParked", page_size=1)
    assert (list(listed.parked), listed.next_page_token) == ([], "")
    rule = {"decision_id": "d1", "document": "rule: reflected\nwhen: speed_kmh > 999\n", "by": "ada"}
    decided = call("ODO_TEST_ALERTING", "odograph.alerting.v1.AlertRules", "Create", **rule)
    assert decided.version == 1 and decided.position.sequence > 0
    found = call("ODO_TEST_ALERTING", "odograph.alerting.v1.AlertRules", "Get", rule="reflected")
    assert found.rule.is_enabled and found.rule.document == rule["document"]
    listed = call("ODO_TEST_ALERTING", "odograph.alerting.v1.Alerts", "List", filter={"rules": ["reflected"]})
    assert (list(listed.alerts), listed.next_page_token) == ([], "")
    terms = {"rules": ["reflected"], "starts_at_ms": 1, "ends_at_ms": 2}
    counted = call("ODO_TEST_ALERTING", "odograph.alerting.v1.Silences", "Preview", terms=terms)
    assert counted.count == 0
    letters = call("ODO_TEST_ALERTING", "odograph.alerting.v1.DeadLetters", "List")
    assert (list(letters.dead_letters), letters.next_page_token) == ([], "")
    serving = 1
    for endpoint, ours in SERVICES.items():
        for service in ours:
            assert call(endpoint, "grpc.health.v1.Health", "Check", service=service).status == serving
