"""The client of Odograph: it reports telemetry, asks for statuses and samples, watches statuses, and follows the log."""

from odograph.cache.v1.vehicle_status_pb2 import Box, StaleReason
from odograph.client import (
    Client,
    Decision,
    DecisionOptions,
    Invalidation,
    LatestFilter,
    Registration,
    VehicleFilter,
    Warming,
)
from odograph.connection import Connection
from odograph.fault import Fault, FaultCode, Finding
from odograph.retry import CallOptions
from odograph.send import SendOptions, Sent
from odograph.telemetry.v1.position_pb2 import Position
from odograph.telemetry.v1.report_pb2 import Sample, VehicleReport
from odograph.telemetry.v1.signals_pb2 import Signals, SignalValue
from odograph.telemetry.v1.telemetry_ingest_pb2 import ReportOutcome, ReportResult

__all__ = [
    "Box",
    "CallOptions",
    "Client",
    "Connection",
    "Decision",
    "DecisionOptions",
    "Fault",
    "FaultCode",
    "Finding",
    "Invalidation",
    "LatestFilter",
    "Position",
    "Registration",
    "ReportOutcome",
    "ReportResult",
    "Sample",
    "SendOptions",
    "Sent",
    "SignalValue",
    "Signals",
    "StaleReason",
    "VehicleFilter",
    "VehicleReport",
    "Warming",
]
