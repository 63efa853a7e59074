from odograph.telemetry.v1 import position_pb2 as _position_pb2
from odograph.telemetry.v1 import event_pb2 as _event_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("partitions", "now_ms")
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    partitions: _containers.RepeatedCompositeFieldContainer[PartitionInfo]
    now_ms: int
    def __init__(self, partitions: _Optional[_Iterable[_Union[PartitionInfo, _Mapping]]] = ..., now_ms: _Optional[int] = ...) -> None: ...

class PartitionInfo(_message.Message):
    __slots__ = ("watermark", "checkpoint", "state", "reason", "owner", "last_error", "last_error_at_ms", "failing_since_ms", "views")
    WATERMARK_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_AT_MS_FIELD_NUMBER: _ClassVar[int]
    FAILING_SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    VIEWS_FIELD_NUMBER: _ClassVar[int]
    watermark: _position_pb2.Position
    checkpoint: _position_pb2.Position
    state: _event_pb2.PartitionState
    reason: str
    owner: str
    last_error: str
    last_error_at_ms: int
    failing_since_ms: int
    views: _position_pb2.Position
    def __init__(self, watermark: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., checkpoint: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., state: _Optional[_Union[_event_pb2.PartitionState, str]] = ..., reason: _Optional[str] = ..., owner: _Optional[str] = ..., last_error: _Optional[str] = ..., last_error_at_ms: _Optional[int] = ..., failing_since_ms: _Optional[int] = ..., views: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class ReadRequest(_message.Message):
    __slots__ = ("after", "partitions", "types", "subject", "limit", "at_least")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    after: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    partitions: _containers.RepeatedScalarFieldContainer[int]
    types: _containers.RepeatedScalarFieldContainer[str]
    subject: str
    limit: int
    at_least: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    def __init__(self, after: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ..., partitions: _Optional[_Iterable[int]] = ..., types: _Optional[_Iterable[str]] = ..., subject: _Optional[str] = ..., limit: _Optional[int] = ..., at_least: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ...) -> None: ...

class ReadResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[LoggedEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[LoggedEvent, _Mapping]]] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ("after", "partitions")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    after: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    partitions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, after: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ..., partitions: _Optional[_Iterable[int]] = ...) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ("events", "position")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[LoggedEvent]
    position: _position_pb2.Position
    def __init__(self, events: _Optional[_Iterable[_Union[LoggedEvent, _Mapping]]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class LoggedEvent(_message.Message):
    __slots__ = ("position", "event")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    position: _position_pb2.Position
    event: _event_pb2.Event
    def __init__(self, position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ...) -> None: ...

class SetAsideMessageRequest(_message.Message):
    __slots__ = ("position",)
    POSITION_FIELD_NUMBER: _ClassVar[int]
    position: _position_pb2.Position
    def __init__(self, position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class SetAsideMessageResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
