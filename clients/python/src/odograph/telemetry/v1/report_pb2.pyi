from odograph.telemetry.v1 import signals_pb2 as _signals_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VehicleReport(_message.Message):
    __slots__ = ("vehicle_id", "report_id", "samples", "vin")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    VIN_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    report_id: str
    samples: _containers.RepeatedCompositeFieldContainer[Sample]
    vin: str
    def __init__(self, vehicle_id: _Optional[str] = ..., report_id: _Optional[str] = ..., samples: _Optional[_Iterable[_Union[Sample, _Mapping]]] = ..., vin: _Optional[str] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("observed_at_ms", "signals", "clock_text")
    OBSERVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_TEXT_FIELD_NUMBER: _ClassVar[int]
    observed_at_ms: int
    signals: _signals_pb2.Signals
    clock_text: str
    def __init__(self, observed_at_ms: _Optional[int] = ..., signals: _Optional[_Union[_signals_pb2.Signals, _Mapping]] = ..., clock_text: _Optional[str] = ...) -> None: ...
