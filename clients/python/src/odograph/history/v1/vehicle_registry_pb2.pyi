from odograph.telemetry.v1 import position_pb2 as _position_pb2
from odograph.telemetry.v1 import registration_pb2 as _registration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Vehicle(_message.Message):
    __slots__ = ("vehicle_id", "registration", "is_retired", "version", "parked_at")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_FIELD_NUMBER: _ClassVar[int]
    IS_RETIRED_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PARKED_AT_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    registration: _registration_pb2.Registration
    is_retired: bool
    version: int
    parked_at: _position_pb2.Position
    def __init__(self, vehicle_id: _Optional[str] = ..., registration: _Optional[_Union[_registration_pb2.Registration, _Mapping]] = ..., is_retired: bool = ..., version: _Optional[int] = ..., parked_at: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class NameList(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class RegisterRequest(_message.Message):
    __slots__ = ("decision_id", "expected_version", "vehicle_id", "fleet", "model", "display_name", "tags", "capabilities", "vin", "units")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    VIN_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    expected_version: int
    vehicle_id: str
    fleet: str
    model: str
    display_name: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    vin: str
    units: _registration_pb2.UnitSystem
    def __init__(self, decision_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., vehicle_id: _Optional[str] = ..., fleet: _Optional[str] = ..., model: _Optional[str] = ..., display_name: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., capabilities: _Optional[_Iterable[str]] = ..., vin: _Optional[str] = ..., units: _Optional[_Union[_registration_pb2.UnitSystem, str]] = ...) -> None: ...

class RegisterResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class UpdateRequest(_message.Message):
    __slots__ = ("decision_id", "expected_version", "vehicle_id", "fleet", "model", "display_name", "tags", "capabilities", "vin", "units")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    VIN_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    expected_version: int
    vehicle_id: str
    fleet: str
    model: str
    display_name: str
    tags: NameList
    capabilities: NameList
    vin: str
    units: _registration_pb2.UnitSystem
    def __init__(self, decision_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., vehicle_id: _Optional[str] = ..., fleet: _Optional[str] = ..., model: _Optional[str] = ..., display_name: _Optional[str] = ..., tags: _Optional[_Union[NameList, _Mapping]] = ..., capabilities: _Optional[_Union[NameList, _Mapping]] = ..., vin: _Optional[str] = ..., units: _Optional[_Union[_registration_pb2.UnitSystem, str]] = ...) -> None: ...

class UpdateResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class RetireRequest(_message.Message):
    __slots__ = ("decision_id", "expected_version", "vehicle_id")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    expected_version: int
    vehicle_id: str
    def __init__(self, decision_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., vehicle_id: _Optional[str] = ...) -> None: ...

class RetireResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("vehicle_id", "at_least")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    at_least: _position_pb2.Position
    def __init__(self, vehicle_id: _Optional[str] = ..., at_least: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("vehicle", "position")
    VEHICLE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    vehicle: Vehicle
    position: _position_pb2.Position
    def __init__(self, vehicle: _Optional[_Union[Vehicle, _Mapping]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("fleet", "tag", "model", "text", "include_retired", "page_size", "page_token", "at_least")
    FLEET_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_RETIRED_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    fleet: str
    tag: str
    model: str
    text: str
    include_retired: bool
    page_size: int
    page_token: str
    at_least: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    def __init__(self, fleet: _Optional[str] = ..., tag: _Optional[str] = ..., model: _Optional[str] = ..., text: _Optional[str] = ..., include_retired: bool = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., at_least: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("vehicles", "next_page_token", "positions")
    VEHICLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    vehicles: _containers.RepeatedCompositeFieldContainer[Vehicle]
    next_page_token: str
    positions: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    def __init__(self, vehicles: _Optional[_Iterable[_Union[Vehicle, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., positions: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ...) -> None: ...
