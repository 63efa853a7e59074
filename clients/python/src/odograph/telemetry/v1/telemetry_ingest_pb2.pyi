from google.rpc import status_pb2 as _status_pb2
from odograph.telemetry.v1 import position_pb2 as _position_pb2
from odograph.telemetry.v1 import report_pb2 as _report_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReportOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPORT_OUTCOME_UNSPECIFIED: _ClassVar[ReportOutcome]
    REPORT_OUTCOME_ACCEPTED: _ClassVar[ReportOutcome]
    REPORT_OUTCOME_QUARANTINED: _ClassVar[ReportOutcome]
    REPORT_OUTCOME_REJECTED: _ClassVar[ReportOutcome]
    REPORT_OUTCOME_UNAVAILABLE: _ClassVar[ReportOutcome]
REPORT_OUTCOME_UNSPECIFIED: ReportOutcome
REPORT_OUTCOME_ACCEPTED: ReportOutcome
REPORT_OUTCOME_QUARANTINED: ReportOutcome
REPORT_OUTCOME_REJECTED: ReportOutcome
REPORT_OUTCOME_UNAVAILABLE: ReportOutcome

class ReportRequest(_message.Message):
    __slots__ = ("reports",)
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    reports: _containers.RepeatedCompositeFieldContainer[_report_pb2.VehicleReport]
    def __init__(self, reports: _Optional[_Iterable[_Union[_report_pb2.VehicleReport, _Mapping]]] = ...) -> None: ...

class ReportResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ReportResult]
    def __init__(self, results: _Optional[_Iterable[_Union[ReportResult, _Mapping]]] = ...) -> None: ...

class ReportResult(_message.Message):
    __slots__ = ("outcome", "position", "findings", "retry_after_ms")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    outcome: ReportOutcome
    position: _position_pb2.Position
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    retry_after_ms: int
    def __init__(self, outcome: _Optional[_Union[ReportOutcome, str]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("field", "reason", "description")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    field: str
    reason: str
    description: str
    def __init__(self, field: _Optional[str] = ..., reason: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class ConnectRequest(_message.Message):
    __slots__ = ("batch",)
    BATCH_FIELD_NUMBER: _ClassVar[int]
    batch: ReportBatch
    def __init__(self, batch: _Optional[_Union[ReportBatch, _Mapping]] = ...) -> None: ...

class ReportBatch(_message.Message):
    __slots__ = ("number", "reports")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    number: int
    reports: _containers.RepeatedCompositeFieldContainer[_report_pb2.VehicleReport]
    def __init__(self, number: _Optional[int] = ..., reports: _Optional[_Iterable[_Union[_report_pb2.VehicleReport, _Mapping]]] = ...) -> None: ...

class ConnectResponse(_message.Message):
    __slots__ = ("limits", "ack")
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    limits: ConnectionLimits
    ack: BatchAck
    def __init__(self, limits: _Optional[_Union[ConnectionLimits, _Mapping]] = ..., ack: _Optional[_Union[BatchAck, _Mapping]] = ...) -> None: ...

class ConnectionLimits(_message.Message):
    __slots__ = ("window_batches", "max_reports", "max_bytes")
    WINDOW_BATCHES_FIELD_NUMBER: _ClassVar[int]
    MAX_REPORTS_FIELD_NUMBER: _ClassVar[int]
    MAX_BYTES_FIELD_NUMBER: _ClassVar[int]
    window_batches: int
    max_reports: int
    max_bytes: int
    def __init__(self, window_batches: _Optional[int] = ..., max_reports: _Optional[int] = ..., max_bytes: _Optional[int] = ...) -> None: ...

class BatchAck(_message.Message):
    __slots__ = ("through", "batches")
    THROUGH_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    through: int
    batches: _containers.RepeatedCompositeFieldContainer[BatchResult]
    def __init__(self, through: _Optional[int] = ..., batches: _Optional[_Iterable[_Union[BatchResult, _Mapping]]] = ...) -> None: ...

class BatchResult(_message.Message):
    __slots__ = ("number", "results", "refused")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    number: int
    results: _containers.RepeatedCompositeFieldContainer[ReportResult]
    refused: _status_pb2.Status
    def __init__(self, number: _Optional[int] = ..., results: _Optional[_Iterable[_Union[ReportResult, _Mapping]]] = ..., refused: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("partitions", "refusal", "reports_taken", "now_ms")
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    REPORTS_TAKEN_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    partitions: _containers.RepeatedCompositeFieldContainer[PartitionIntake]
    refusal: Refusal
    reports_taken: int
    now_ms: int
    def __init__(self, partitions: _Optional[_Iterable[_Union[PartitionIntake, _Mapping]]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., reports_taken: _Optional[int] = ..., now_ms: _Optional[int] = ...) -> None: ...

class PartitionIntake(_message.Message):
    __slots__ = ("partition", "refusal", "filled_ratio", "free_disk_ratio")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    FILLED_RATIO_FIELD_NUMBER: _ClassVar[int]
    FREE_DISK_RATIO_FIELD_NUMBER: _ClassVar[int]
    partition: int
    refusal: Refusal
    filled_ratio: float
    free_disk_ratio: float
    def __init__(self, partition: _Optional[int] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., filled_ratio: _Optional[float] = ..., free_disk_ratio: _Optional[float] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason", "since_ms", "limit")
    REASON_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    reason: str
    since_ms: int
    limit: str
    def __init__(self, reason: _Optional[str] = ..., since_ms: _Optional[int] = ..., limit: _Optional[str] = ...) -> None: ...
