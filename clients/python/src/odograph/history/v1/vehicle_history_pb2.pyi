from odograph.telemetry.v1 import position_pb2 as _position_pb2
from odograph.telemetry.v1 import registration_pb2 as _registration_pb2
from odograph.telemetry.v1 import signals_pb2 as _signals_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SampleOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAMPLE_ORDER_UNSPECIFIED: _ClassVar[SampleOrder]
    SAMPLE_ORDER_OLDEST_FIRST: _ClassVar[SampleOrder]
    SAMPLE_ORDER_NEWEST_FIRST: _ClassVar[SampleOrder]
SAMPLE_ORDER_UNSPECIFIED: SampleOrder
SAMPLE_ORDER_OLDEST_FIRST: SampleOrder
SAMPLE_ORDER_NEWEST_FIRST: SampleOrder

class GetStatusRequest(_message.Message):
    __slots__ = ("vehicle_id", "at_least", "with_state")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    WITH_STATE_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    at_least: _position_pb2.Position
    with_state: bool
    def __init__(self, vehicle_id: _Optional[str] = ..., at_least: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., with_state: bool = ...) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("status", "position", "projection_version")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PROJECTION_VERSION_FIELD_NUMBER: _ClassVar[int]
    status: VehicleStatus
    position: _position_pb2.Position
    projection_version: int
    def __init__(self, status: _Optional[_Union[VehicleStatus, _Mapping]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., projection_version: _Optional[int] = ...) -> None: ...

class VehicleStatus(_message.Message):
    __slots__ = ("vehicle_id", "fleet", "model", "vin", "vin_check_digit_ok", "signals", "observed_at_ms", "last_observed_at_ms", "last_received_at_ms", "parked_at", "display_name", "tags", "capabilities", "units", "is_retired", "registration_version", "state")
    class ObservedAtMsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VIN_FIELD_NUMBER: _ClassVar[int]
    VIN_CHECK_DIGIT_OK_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_OBSERVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_RECEIVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PARKED_AT_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    IS_RETIRED_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    fleet: str
    model: str
    vin: str
    vin_check_digit_ok: bool
    signals: _signals_pb2.Signals
    observed_at_ms: _containers.ScalarMap[str, int]
    last_observed_at_ms: int
    last_received_at_ms: int
    parked_at: _position_pb2.Position
    display_name: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    units: _registration_pb2.UnitSystem
    is_retired: bool
    registration_version: int
    state: bytes
    def __init__(self, vehicle_id: _Optional[str] = ..., fleet: _Optional[str] = ..., model: _Optional[str] = ..., vin: _Optional[str] = ..., vin_check_digit_ok: bool = ..., signals: _Optional[_Union[_signals_pb2.Signals, _Mapping]] = ..., observed_at_ms: _Optional[_Mapping[str, int]] = ..., last_observed_at_ms: _Optional[int] = ..., last_received_at_ms: _Optional[int] = ..., parked_at: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., display_name: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., capabilities: _Optional[_Iterable[str]] = ..., units: _Optional[_Union[_registration_pb2.UnitSystem, str]] = ..., is_retired: bool = ..., registration_version: _Optional[int] = ..., state: _Optional[bytes] = ...) -> None: ...

class ListStatusRequest(_message.Message):
    __slots__ = ("fleet", "page_size", "page_token", "at_least", "tag", "model", "text", "include_retired", "with_state", "vehicle_ids")
    FLEET_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_RETIRED_FIELD_NUMBER: _ClassVar[int]
    WITH_STATE_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_IDS_FIELD_NUMBER: _ClassVar[int]
    fleet: str
    page_size: int
    page_token: str
    at_least: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    tag: str
    model: str
    text: str
    include_retired: bool
    with_state: bool
    vehicle_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, fleet: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., at_least: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ..., tag: _Optional[str] = ..., model: _Optional[str] = ..., text: _Optional[str] = ..., include_retired: bool = ..., with_state: bool = ..., vehicle_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListStatusResponse(_message.Message):
    __slots__ = ("statuses", "next_page_token", "positions", "projection_version")
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    PROJECTION_VERSION_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedCompositeFieldContainer[VehicleStatus]
    next_page_token: str
    positions: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    projection_version: int
    def __init__(self, statuses: _Optional[_Iterable[_Union[VehicleStatus, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., positions: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ..., projection_version: _Optional[int] = ...) -> None: ...

class ListSamplesRequest(_message.Message):
    __slots__ = ("vehicle_id", "from_ms", "to_ms", "signals", "page_size", "page_token", "with_total", "at_least", "order")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_MS_FIELD_NUMBER: _ClassVar[int]
    TO_MS_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    WITH_TOTAL_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    from_ms: int
    to_ms: int
    signals: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    with_total: bool
    at_least: _position_pb2.Position
    order: SampleOrder
    def __init__(self, vehicle_id: _Optional[str] = ..., from_ms: _Optional[int] = ..., to_ms: _Optional[int] = ..., signals: _Optional[_Iterable[str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., with_total: bool = ..., at_least: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., order: _Optional[_Union[SampleOrder, str]] = ...) -> None: ...

class ListSamplesResponse(_message.Message):
    __slots__ = ("samples", "next_page_token", "total", "position", "parked_at")
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PARKED_AT_FIELD_NUMBER: _ClassVar[int]
    samples: _containers.RepeatedCompositeFieldContainer[RecordedSample]
    next_page_token: str
    total: int
    position: _position_pb2.Position
    parked_at: _position_pb2.Position
    def __init__(self, samples: _Optional[_Iterable[_Union[RecordedSample, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., parked_at: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class RecordedSample(_message.Message):
    __slots__ = ("observed_at_ms", "report_id", "signals")
    OBSERVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    observed_at_ms: int
    report_id: str
    signals: _signals_pb2.Signals
    def __init__(self, observed_at_ms: _Optional[int] = ..., report_id: _Optional[str] = ..., signals: _Optional[_Union[_signals_pb2.Signals, _Mapping]] = ...) -> None: ...
