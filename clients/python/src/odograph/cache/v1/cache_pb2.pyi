from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InspectRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class InspectResponse(_message.Message):
    __slots__ = ("levels", "floors")
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    FLOORS_FIELD_NUMBER: _ClassVar[int]
    levels: _containers.RepeatedCompositeFieldContainer[LevelEntry]
    floors: _containers.RepeatedCompositeFieldContainer[Stamp]
    def __init__(self, levels: _Optional[_Iterable[_Union[LevelEntry, _Mapping]]] = ..., floors: _Optional[_Iterable[_Union[Stamp, _Mapping]]] = ...) -> None: ...

class LevelEntry(_message.Message):
    __slots__ = ("level", "is_held", "has_value", "bytes", "age_ms", "fresh_ms", "kept_ms", "version", "tags", "is_valid")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    IS_HELD_FIELD_NUMBER: _ClassVar[int]
    HAS_VALUE_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    FRESH_MS_FIELD_NUMBER: _ClassVar[int]
    KEPT_MS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    IS_VALID_FIELD_NUMBER: _ClassVar[int]
    level: str
    is_held: bool
    has_value: bool
    bytes: int
    age_ms: int
    fresh_ms: int
    kept_ms: int
    version: _containers.RepeatedCompositeFieldContainer[Stamp]
    tags: _containers.RepeatedScalarFieldContainer[str]
    is_valid: bool
    def __init__(self, level: _Optional[str] = ..., is_held: bool = ..., has_value: bool = ..., bytes: _Optional[int] = ..., age_ms: _Optional[int] = ..., fresh_ms: _Optional[int] = ..., kept_ms: _Optional[int] = ..., version: _Optional[_Iterable[_Union[Stamp, _Mapping]]] = ..., tags: _Optional[_Iterable[str]] = ..., is_valid: bool = ...) -> None: ...

class Stamp(_message.Message):
    __slots__ = ("domain", "epoch", "sequence")
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    domain: str
    epoch: int
    sequence: int
    def __init__(self, domain: _Optional[str] = ..., epoch: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...

class InvalidateRequest(_message.Message):
    __slots__ = ("keys", "tags", "all")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    all: bool
    def __init__(self, keys: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., all: bool = ...) -> None: ...

class InvalidateResponse(_message.Message):
    __slots__ = ("is_degraded",)
    IS_DEGRADED_FIELD_NUMBER: _ClassVar[int]
    is_degraded: bool
    def __init__(self, is_degraded: bool = ...) -> None: ...

class WarmRequest(_message.Message):
    __slots__ = ("vehicle_ids", "tag", "fleet", "last_hot")
    VEHICLE_IDS_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    LAST_HOT_FIELD_NUMBER: _ClassVar[int]
    vehicle_ids: _containers.RepeatedScalarFieldContainer[str]
    tag: str
    fleet: str
    last_hot: bool
    def __init__(self, vehicle_ids: _Optional[_Iterable[str]] = ..., tag: _Optional[str] = ..., fleet: _Optional[str] = ..., last_hot: bool = ...) -> None: ...

class WarmResponse(_message.Message):
    __slots__ = ("done", "failed", "total")
    DONE_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    done: int
    failed: int
    total: int
    def __init__(self, done: _Optional[int] = ..., failed: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...

class StatsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StatsResponse(_message.Message):
    __slots__ = ("types", "levels", "is_invalidations_live", "invalidations", "partitions", "vehicles", "watches")
    TYPES_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    IS_INVALIDATIONS_LIVE_FIELD_NUMBER: _ClassVar[int]
    INVALIDATIONS_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    VEHICLES_FIELD_NUMBER: _ClassVar[int]
    WATCHES_FIELD_NUMBER: _ClassVar[int]
    types: _containers.RepeatedCompositeFieldContainer[TypeStats]
    levels: _containers.RepeatedCompositeFieldContainer[LevelStats]
    is_invalidations_live: bool
    invalidations: Stamp
    partitions: _containers.RepeatedCompositeFieldContainer[FollowedPartition]
    vehicles: int
    watches: int
    def __init__(self, types: _Optional[_Iterable[_Union[TypeStats, _Mapping]]] = ..., levels: _Optional[_Iterable[_Union[LevelStats, _Mapping]]] = ..., is_invalidations_live: bool = ..., invalidations: _Optional[_Union[Stamp, _Mapping]] = ..., partitions: _Optional[_Iterable[_Union[FollowedPartition, _Mapping]]] = ..., vehicles: _Optional[int] = ..., watches: _Optional[int] = ...) -> None: ...

class TypeStats(_message.Message):
    __slots__ = ("type", "entries", "bytes", "max_bytes", "answers", "misses", "stale", "evicted", "refused", "loads")
    class AnswersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_BYTES_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    MISSES_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    EVICTED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    LOADS_FIELD_NUMBER: _ClassVar[int]
    type: str
    entries: int
    bytes: int
    max_bytes: int
    answers: _containers.ScalarMap[str, int]
    misses: int
    stale: int
    evicted: int
    refused: int
    loads: int
    def __init__(self, type: _Optional[str] = ..., entries: _Optional[int] = ..., bytes: _Optional[int] = ..., max_bytes: _Optional[int] = ..., answers: _Optional[_Mapping[str, int]] = ..., misses: _Optional[int] = ..., stale: _Optional[int] = ..., evicted: _Optional[int] = ..., refused: _Optional[int] = ..., loads: _Optional[int] = ...) -> None: ...

class LevelStats(_message.Message):
    __slots__ = ("level", "breaker", "queued", "repairs")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    REPAIRS_FIELD_NUMBER: _ClassVar[int]
    level: str
    breaker: str
    queued: int
    repairs: int
    def __init__(self, level: _Optional[str] = ..., breaker: _Optional[str] = ..., queued: _Optional[int] = ..., repairs: _Optional[int] = ...) -> None: ...

class FollowedPartition(_message.Message):
    __slots__ = ("partition", "sequence", "silent_ms", "is_followed")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SILENT_MS_FIELD_NUMBER: _ClassVar[int]
    IS_FOLLOWED_FIELD_NUMBER: _ClassVar[int]
    partition: int
    sequence: int
    silent_ms: int
    is_followed: bool
    def __init__(self, partition: _Optional[int] = ..., sequence: _Optional[int] = ..., silent_ms: _Optional[int] = ..., is_followed: bool = ...) -> None: ...
