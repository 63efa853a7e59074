from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Signals(_message.Message):
    __slots__ = ("battery_level_pct", "fuel_level_pct", "odometer_km", "latitude_deg", "longitude_deg", "heading_deg", "speed_kmh", "doors_locked", "engine_running", "charging", "altitude_m", "range_km", "ambient_temperature_c", "ambient_humidity_pct", "others")
    class OthersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: SignalValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[SignalValue, _Mapping]] = ...) -> None: ...
    BATTERY_LEVEL_PCT_FIELD_NUMBER: _ClassVar[int]
    FUEL_LEVEL_PCT_FIELD_NUMBER: _ClassVar[int]
    ODOMETER_KM_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_DEG_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_DEG_FIELD_NUMBER: _ClassVar[int]
    HEADING_DEG_FIELD_NUMBER: _ClassVar[int]
    SPEED_KMH_FIELD_NUMBER: _ClassVar[int]
    DOORS_LOCKED_FIELD_NUMBER: _ClassVar[int]
    ENGINE_RUNNING_FIELD_NUMBER: _ClassVar[int]
    CHARGING_FIELD_NUMBER: _ClassVar[int]
    ALTITUDE_M_FIELD_NUMBER: _ClassVar[int]
    RANGE_KM_FIELD_NUMBER: _ClassVar[int]
    AMBIENT_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    AMBIENT_HUMIDITY_PCT_FIELD_NUMBER: _ClassVar[int]
    OTHERS_FIELD_NUMBER: _ClassVar[int]
    battery_level_pct: float
    fuel_level_pct: float
    odometer_km: float
    latitude_deg: float
    longitude_deg: float
    heading_deg: float
    speed_kmh: float
    doors_locked: bool
    engine_running: bool
    charging: bool
    altitude_m: float
    range_km: float
    ambient_temperature_c: float
    ambient_humidity_pct: float
    others: _containers.MessageMap[str, SignalValue]
    def __init__(self, battery_level_pct: _Optional[float] = ..., fuel_level_pct: _Optional[float] = ..., odometer_km: _Optional[float] = ..., latitude_deg: _Optional[float] = ..., longitude_deg: _Optional[float] = ..., heading_deg: _Optional[float] = ..., speed_kmh: _Optional[float] = ..., doors_locked: bool = ..., engine_running: bool = ..., charging: bool = ..., altitude_m: _Optional[float] = ..., range_km: _Optional[float] = ..., ambient_temperature_c: _Optional[float] = ..., ambient_humidity_pct: _Optional[float] = ..., others: _Optional[_Mapping[str, SignalValue]] = ...) -> None: ...

class SignalValue(_message.Message):
    __slots__ = ("number", "flag", "text")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    number: float
    flag: bool
    text: str
    def __init__(self, number: _Optional[float] = ..., flag: bool = ..., text: _Optional[str] = ...) -> None: ...
