from odograph.cache.v1 import vehicle_status_pb2 as _vehicle_status_pb2
from odograph.history.v1 import vehicle_history_pb2 as _vehicle_history_pb2
from odograph.history.v1 import vehicle_registry_pb2 as _vehicle_registry_pb2
from odograph.telemetry.v1 import position_pb2 as _position_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListSamplesRequest(_message.Message):
    __slots__ = ("query",)
    QUERY_FIELD_NUMBER: _ClassVar[int]
    query: _vehicle_history_pb2.ListSamplesRequest
    def __init__(self, query: _Optional[_Union[_vehicle_history_pb2.ListSamplesRequest, _Mapping]] = ...) -> None: ...

class ListSamplesResponse(_message.Message):
    __slots__ = ("page", "freshness")
    PAGE_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    page: _vehicle_history_pb2.ListSamplesResponse
    freshness: _vehicle_status_pb2.Freshness
    def __init__(self, page: _Optional[_Union[_vehicle_history_pb2.ListSamplesResponse, _Mapping]] = ..., freshness: _Optional[_Union[_vehicle_status_pb2.Freshness, _Mapping]] = ...) -> None: ...

class GetSeriesRequest(_message.Message):
    __slots__ = ("vehicle_id", "signal", "from_ms", "to_ms", "points", "at_least")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    FROM_MS_FIELD_NUMBER: _ClassVar[int]
    TO_MS_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    signal: str
    from_ms: int
    to_ms: int
    points: int
    at_least: _position_pb2.Position
    def __init__(self, vehicle_id: _Optional[str] = ..., signal: _Optional[str] = ..., from_ms: _Optional[int] = ..., to_ms: _Optional[int] = ..., points: _Optional[int] = ..., at_least: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class GetSeriesResponse(_message.Message):
    __slots__ = ("points", "width_ms", "position", "parked_at", "freshness")
    POINTS_FIELD_NUMBER: _ClassVar[int]
    WIDTH_MS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PARKED_AT_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[SeriesPoint]
    width_ms: int
    position: _position_pb2.Position
    parked_at: _position_pb2.Position
    freshness: _vehicle_status_pb2.Freshness
    def __init__(self, points: _Optional[_Iterable[_Union[SeriesPoint, _Mapping]]] = ..., width_ms: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., parked_at: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., freshness: _Optional[_Union[_vehicle_status_pb2.Freshness, _Mapping]] = ...) -> None: ...

class SeriesPoint(_message.Message):
    __slots__ = ("from_ms", "count", "min", "max", "mean", "last")
    FROM_MS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    from_ms: int
    count: int
    min: float
    max: float
    mean: float
    last: float
    def __init__(self, from_ms: _Optional[int] = ..., count: _Optional[int] = ..., min: _Optional[float] = ..., max: _Optional[float] = ..., mean: _Optional[float] = ..., last: _Optional[float] = ...) -> None: ...

class GetVehicleRequest(_message.Message):
    __slots__ = ("query",)
    QUERY_FIELD_NUMBER: _ClassVar[int]
    query: _vehicle_registry_pb2.GetRequest
    def __init__(self, query: _Optional[_Union[_vehicle_registry_pb2.GetRequest, _Mapping]] = ...) -> None: ...

class GetVehicleResponse(_message.Message):
    __slots__ = ("found", "freshness")
    FOUND_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    found: _vehicle_registry_pb2.GetResponse
    freshness: _vehicle_status_pb2.Freshness
    def __init__(self, found: _Optional[_Union[_vehicle_registry_pb2.GetResponse, _Mapping]] = ..., freshness: _Optional[_Union[_vehicle_status_pb2.Freshness, _Mapping]] = ...) -> None: ...
