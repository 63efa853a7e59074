from odograph.alerting.v1 import alerts_pb2 as _alerts_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeadLetter(_message.Message):
    __slots__ = ("id", "receiver", "reason", "attempts", "died_at_ms", "notices")
    ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    DIED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    id: str
    receiver: str
    reason: str
    attempts: int
    died_at_ms: int
    notices: _containers.RepeatedCompositeFieldContainer[DeadNotice]
    def __init__(self, id: _Optional[str] = ..., receiver: _Optional[str] = ..., reason: _Optional[str] = ..., attempts: _Optional[int] = ..., died_at_ms: _Optional[int] = ..., notices: _Optional[_Iterable[_Union[DeadNotice, _Mapping]]] = ...) -> None: ...

class DeadNotice(_message.Message):
    __slots__ = ("alert_id", "kind", "rule", "vehicle_id", "severity", "at_ms")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    kind: str
    rule: str
    vehicle_id: str
    severity: _alerts_pb2.AlertSeverity
    at_ms: int
    def __init__(self, alert_id: _Optional[str] = ..., kind: _Optional[str] = ..., rule: _Optional[str] = ..., vehicle_id: _Optional[str] = ..., severity: _Optional[_Union[_alerts_pb2.AlertSeverity, str]] = ..., at_ms: _Optional[int] = ...) -> None: ...

class DeadLettersListRequest(_message.Message):
    __slots__ = ("receiver", "page_size", "page_token")
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    receiver: str
    page_size: int
    page_token: str
    def __init__(self, receiver: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class DeadLettersListResponse(_message.Message):
    __slots__ = ("dead_letters", "next_page_token")
    DEAD_LETTERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    dead_letters: _containers.RepeatedCompositeFieldContainer[DeadLetter]
    next_page_token: str
    def __init__(self, dead_letters: _Optional[_Iterable[_Union[DeadLetter, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeadLettersReplayRequest(_message.Message):
    __slots__ = ("ids", "receiver")
    IDS_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    receiver: str
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., receiver: _Optional[str] = ...) -> None: ...

class DeadLettersReplayResponse(_message.Message):
    __slots__ = ("replayed", "not_found")
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    NOT_FOUND_FIELD_NUMBER: _ClassVar[int]
    replayed: _containers.RepeatedScalarFieldContainer[str]
    not_found: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, replayed: _Optional[_Iterable[str]] = ..., not_found: _Optional[_Iterable[str]] = ...) -> None: ...
