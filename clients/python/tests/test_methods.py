"""The table of methods is that of the contracts."""

from odograph import methods
from odograph.alerting.v1 import alert_rules_pb2, alerts_pb2, dead_letters_pb2, silences_pb2
from odograph.cache.v1 import cache_pb2, cached_history_pb2, vehicle_status_pb2
from odograph.channel import Method
from odograph.history.v1 import event_log_pb2, projections_pb2, vehicle_history_pb2, vehicle_registry_pb2
from odograph.telemetry.v1 import telemetry_ingest_pb2

FILES = (
    *(telemetry_ingest_pb2, event_log_pb2, projections_pb2, vehicle_history_pb2, vehicle_registry_pb2),
    *(vehicle_status_pb2, cached_history_pb2, cache_pb2),
    *(alerts_pb2, alert_rules_pb2, silences_pb2, dead_letters_pb2),
)


def test_every_method_of_the_contracts_can_be_called_with_its_own_messages() -> None:
    ours = {
        each.name: (each.request.DESCRIPTOR.full_name, each.response.DESCRIPTOR.full_name)
        for each in vars(methods).values()
        if isinstance(each, Method)
    }
    theirs = {
        f"{service.full_name}/{method.name}": (method.input_type.full_name, method.output_type.full_name)
        for file in FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert ours == theirs
