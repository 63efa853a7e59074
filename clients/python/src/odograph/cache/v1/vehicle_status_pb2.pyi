from odograph.history.v1 import vehicle_history_pb2 as _vehicle_history_pb2
from odograph.telemetry.v1 import position_pb2 as _position_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StaleReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STALE_REASON_UNSPECIFIED: _ClassVar[StaleReason]
    STALE_REASON_LOG_NOT_FOLLOWED: _ClassVar[StaleReason]
    STALE_REASON_SOURCE_SLOW: _ClassVar[StaleReason]
    STALE_REASON_SOURCE_FAILED: _ClassVar[StaleReason]
STALE_REASON_UNSPECIFIED: StaleReason
STALE_REASON_LOG_NOT_FOLLOWED: StaleReason
STALE_REASON_SOURCE_SLOW: StaleReason
STALE_REASON_SOURCE_FAILED: StaleReason

class GetRequest(_message.Message):
    __slots__ = ("vehicle_id", "at_least")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    at_least: _position_pb2.Position
    def __init__(self, vehicle_id: _Optional[str] = ..., at_least: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("status", "position", "freshness")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    status: _vehicle_history_pb2.VehicleStatus
    position: _position_pb2.Position
    freshness: Freshness
    def __init__(self, status: _Optional[_Union[_vehicle_history_pb2.VehicleStatus, _Mapping]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., freshness: _Optional[_Union[Freshness, _Mapping]] = ...) -> None: ...

class Freshness(_message.Message):
    __slots__ = ("age_ms", "stale_reason")
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    STALE_REASON_FIELD_NUMBER: _ClassVar[int]
    age_ms: int
    stale_reason: StaleReason
    def __init__(self, age_ms: _Optional[int] = ..., stale_reason: _Optional[_Union[StaleReason, str]] = ...) -> None: ...

class AgedStatus(_message.Message):
    __slots__ = ("status", "freshness", "position")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    status: _vehicle_history_pb2.VehicleStatus
    freshness: Freshness
    position: _position_pb2.Position
    def __init__(self, status: _Optional[_Union[_vehicle_history_pb2.VehicleStatus, _Mapping]] = ..., freshness: _Optional[_Union[Freshness, _Mapping]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("conditions", "page_size", "page_token", "at_least")
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    conditions: VehicleConditions
    page_size: int
    page_token: str
    at_least: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    def __init__(self, conditions: _Optional[_Union[VehicleConditions, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., at_least: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ...) -> None: ...

class VehicleConditions(_message.Message):
    __slots__ = ("vehicle_ids", "fleet", "tag", "model", "text", "box", "include_retired")
    VEHICLE_IDS_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_RETIRED_FIELD_NUMBER: _ClassVar[int]
    vehicle_ids: _containers.RepeatedScalarFieldContainer[str]
    fleet: str
    tag: str
    model: str
    text: str
    box: Box
    include_retired: bool
    def __init__(self, vehicle_ids: _Optional[_Iterable[str]] = ..., fleet: _Optional[str] = ..., tag: _Optional[str] = ..., model: _Optional[str] = ..., text: _Optional[str] = ..., box: _Optional[_Union[Box, _Mapping]] = ..., include_retired: bool = ...) -> None: ...

class Box(_message.Message):
    __slots__ = ("south_deg", "west_deg", "north_deg", "east_deg")
    SOUTH_DEG_FIELD_NUMBER: _ClassVar[int]
    WEST_DEG_FIELD_NUMBER: _ClassVar[int]
    NORTH_DEG_FIELD_NUMBER: _ClassVar[int]
    EAST_DEG_FIELD_NUMBER: _ClassVar[int]
    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float
    def __init__(self, south_deg: _Optional[float] = ..., west_deg: _Optional[float] = ..., north_deg: _Optional[float] = ..., east_deg: _Optional[float] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("statuses", "next_page_token", "positions")
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedCompositeFieldContainer[AgedStatus]
    next_page_token: str
    positions: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    def __init__(self, statuses: _Optional[_Iterable[_Union[AgedStatus, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., positions: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("conditions",)
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    conditions: VehicleConditions
    def __init__(self, conditions: _Optional[_Union[VehicleConditions, _Mapping]] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("statuses", "left_vehicle_ids", "begins_again", "is_complete", "freshness")
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    LEFT_VEHICLE_IDS_FIELD_NUMBER: _ClassVar[int]
    BEGINS_AGAIN_FIELD_NUMBER: _ClassVar[int]
    IS_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedCompositeFieldContainer[AgedStatus]
    left_vehicle_ids: _containers.RepeatedScalarFieldContainer[str]
    begins_again: bool
    is_complete: bool
    freshness: Freshness
    def __init__(self, statuses: _Optional[_Iterable[_Union[AgedStatus, _Mapping]]] = ..., left_vehicle_ids: _Optional[_Iterable[str]] = ..., begins_again: bool = ..., is_complete: bool = ..., freshness: _Optional[_Union[Freshness, _Mapping]] = ...) -> None: ...
