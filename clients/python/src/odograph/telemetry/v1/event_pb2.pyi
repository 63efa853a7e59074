from odograph.telemetry.v1 import position_pb2 as _position_pb2
from odograph.telemetry.v1 import registration_pb2 as _registration_pb2
from odograph.telemetry.v1 import report_pb2 as _report_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PartitionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARTITION_STATE_UNSPECIFIED: _ClassVar[PartitionState]
    PARTITION_STATE_RUNNING: _ClassVar[PartitionState]
    PARTITION_STATE_HALTED: _ClassVar[PartitionState]
PARTITION_STATE_UNSPECIFIED: PartitionState
PARTITION_STATE_RUNNING: PartitionState
PARTITION_STATE_HALTED: PartitionState

class Event(_message.Message):
    __slots__ = ("type", "version", "subject", "observed_at_ms", "report_id", "part", "received_at_ms", "content_hash", "traceparent", "payload", "aggregate_version")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_HASH_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    type: str
    version: int
    subject: str
    observed_at_ms: int
    report_id: str
    part: int
    received_at_ms: int
    content_hash: bytes
    traceparent: str
    payload: bytes
    aggregate_version: int
    def __init__(self, type: _Optional[str] = ..., version: _Optional[int] = ..., subject: _Optional[str] = ..., observed_at_ms: _Optional[int] = ..., report_id: _Optional[str] = ..., part: _Optional[int] = ..., received_at_ms: _Optional[int] = ..., content_hash: _Optional[bytes] = ..., traceparent: _Optional[str] = ..., payload: _Optional[bytes] = ..., aggregate_version: _Optional[int] = ...) -> None: ...

class Envelope(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class LogBroadcast(_message.Message):
    __slots__ = ("partition", "watermark", "state", "free_disk_ratio", "stream_created_at_ms")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    FREE_DISK_RATIO_FIELD_NUMBER: _ClassVar[int]
    STREAM_CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    partition: int
    watermark: int
    state: PartitionState
    free_disk_ratio: float
    stream_created_at_ms: int
    def __init__(self, partition: _Optional[int] = ..., watermark: _Optional[int] = ..., state: _Optional[_Union[PartitionState, str]] = ..., free_disk_ratio: _Optional[float] = ..., stream_created_at_ms: _Optional[int] = ...) -> None: ...

class TelemetryReported(_message.Message):
    __slots__ = ("samples", "vin")
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    VIN_FIELD_NUMBER: _ClassVar[int]
    samples: _containers.RepeatedCompositeFieldContainer[_report_pb2.Sample]
    vin: str
    def __init__(self, samples: _Optional[_Iterable[_Union[_report_pb2.Sample, _Mapping]]] = ..., vin: _Optional[str] = ...) -> None: ...

class TelemetryQuarantined(_message.Message):
    __slots__ = ("samples", "vin")
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    VIN_FIELD_NUMBER: _ClassVar[int]
    samples: _containers.RepeatedCompositeFieldContainer[QuarantinedSample]
    vin: str
    def __init__(self, samples: _Optional[_Iterable[_Union[QuarantinedSample, _Mapping]]] = ..., vin: _Optional[str] = ...) -> None: ...

class QuarantinedSample(_message.Message):
    __slots__ = ("sample_index", "sample", "reasons")
    SAMPLE_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    sample_index: int
    sample: _report_pb2.Sample
    reasons: _containers.RepeatedCompositeFieldContainer[QuarantineReason]
    def __init__(self, sample_index: _Optional[int] = ..., sample: _Optional[_Union[_report_pb2.Sample, _Mapping]] = ..., reasons: _Optional[_Iterable[_Union[QuarantineReason, _Mapping]]] = ...) -> None: ...

class QuarantineReason(_message.Message):
    __slots__ = ("field", "reason", "description")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    field: str
    reason: str
    description: str
    def __init__(self, field: _Optional[str] = ..., reason: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class TelemetryConflicted(_message.Message):
    __slots__ = ("came", "held_at")
    CAME_FIELD_NUMBER: _ClassVar[int]
    HELD_AT_FIELD_NUMBER: _ClassVar[int]
    came: Event
    held_at: _position_pb2.Position
    def __init__(self, came: _Optional[_Union[Event, _Mapping]] = ..., held_at: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class TimeTicked(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LogGapFound(_message.Message):
    __slots__ = ("watermark", "found_last_sequence", "resumed_sequence")
    WATERMARK_FIELD_NUMBER: _ClassVar[int]
    FOUND_LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RESUMED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    watermark: int
    found_last_sequence: int
    resumed_sequence: int
    def __init__(self, watermark: _Optional[int] = ..., found_last_sequence: _Optional[int] = ..., resumed_sequence: _Optional[int] = ...) -> None: ...

class UndecodableReceived(_message.Message):
    __slots__ = ("reason", "raw")
    REASON_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    reason: str
    raw: bytes
    def __init__(self, reason: _Optional[str] = ..., raw: _Optional[bytes] = ...) -> None: ...

class ParkedEventRetried(_message.Message):
    __slots__ = ("projection", "position")
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    projection: str
    position: _position_pb2.Position
    def __init__(self, projection: _Optional[str] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class ParkedEventDropped(_message.Message):
    __slots__ = ("projection", "position")
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    projection: str
    position: _position_pb2.Position
    def __init__(self, projection: _Optional[str] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class VehicleRegistered(_message.Message):
    __slots__ = ("registration",)
    REGISTRATION_FIELD_NUMBER: _ClassVar[int]
    registration: _registration_pb2.Registration
    def __init__(self, registration: _Optional[_Union[_registration_pb2.Registration, _Mapping]] = ...) -> None: ...

class VehicleUpdated(_message.Message):
    __slots__ = ("registration",)
    REGISTRATION_FIELD_NUMBER: _ClassVar[int]
    registration: _registration_pb2.Registration
    def __init__(self, registration: _Optional[_Union[_registration_pb2.Registration, _Mapping]] = ...) -> None: ...

class VehicleRetired(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
