"""The platform can be called with nothing but its address, as grpcio-reflection does it.

The endpoints are in ODO_TEST_INGEST and ODO_TEST_HISTORY.
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


def test_a_call_is_made_from_what_reflection_says() -> None:
    with grpc.insecure_channel(os.environ["ODO_TEST_HISTORY"]) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        describe = pool.FindServiceByName("odograph.history.v1.EventLog").methods_by_name["Describe"]
        request, response = GetMessageClass(describe.input_type), GetMessageClass(describe.output_type)
        call = channel.unary_unary(
            "/odograph.history.v1.EventLog/Describe", request.SerializeToString, response.FromString
        )
        answer: Any = call(request(), timeout=10)
        assert [each.watermark.partition for each in answer.partitions] == list(range(len(answer.partitions)))
        assert len(answer.partitions) > 0
