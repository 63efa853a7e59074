from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UnitSystem(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNIT_SYSTEM_UNSPECIFIED: _ClassVar[UnitSystem]
    UNIT_SYSTEM_METRIC: _ClassVar[UnitSystem]
    UNIT_SYSTEM_IMPERIAL: _ClassVar[UnitSystem]
UNIT_SYSTEM_UNSPECIFIED: UnitSystem
UNIT_SYSTEM_METRIC: UnitSystem
UNIT_SYSTEM_IMPERIAL: UnitSystem

class Registration(_message.Message):
    __slots__ = ("fleet", "model", "display_name", "tags", "capabilities", "vin", "units")
    FLEET_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    VIN_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    fleet: str
    model: str
    display_name: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    vin: str
    units: UnitSystem
    def __init__(self, fleet: _Optional[str] = ..., model: _Optional[str] = ..., display_name: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., capabilities: _Optional[_Iterable[str]] = ..., vin: _Optional[str] = ..., units: _Optional[_Union[UnitSystem, str]] = ...) -> None: ...
