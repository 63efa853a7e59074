from odograph.alerting.v1 import alerts_pb2 as _alerts_pb2
from odograph.telemetry.v1 import position_pb2 as _position_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SilenceTerms(_message.Message):
    __slots__ = ("rules", "vehicles", "fleets", "severities", "starts_at_ms", "ends_at_ms")
    RULES_FIELD_NUMBER: _ClassVar[int]
    VEHICLES_FIELD_NUMBER: _ClassVar[int]
    FLEETS_FIELD_NUMBER: _ClassVar[int]
    SEVERITIES_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_MS_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedScalarFieldContainer[str]
    vehicles: _containers.RepeatedScalarFieldContainer[str]
    fleets: _containers.RepeatedScalarFieldContainer[str]
    severities: _containers.RepeatedScalarFieldContainer[_alerts_pb2.AlertSeverity]
    starts_at_ms: int
    ends_at_ms: int
    def __init__(self, rules: _Optional[_Iterable[str]] = ..., vehicles: _Optional[_Iterable[str]] = ..., fleets: _Optional[_Iterable[str]] = ..., severities: _Optional[_Iterable[_Union[_alerts_pb2.AlertSeverity, str]]] = ..., starts_at_ms: _Optional[int] = ..., ends_at_ms: _Optional[int] = ...) -> None: ...

class Silence(_message.Message):
    __slots__ = ("id", "terms", "by", "comment", "ended_by", "version")
    ID_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    ENDED_BY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    terms: SilenceTerms
    by: str
    comment: str
    ended_by: str
    version: int
    def __init__(self, id: _Optional[str] = ..., terms: _Optional[_Union[SilenceTerms, _Mapping]] = ..., by: _Optional[str] = ..., comment: _Optional[str] = ..., ended_by: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class SilencesSetRequest(_message.Message):
    __slots__ = ("decision_id", "expected_version", "silence_id", "terms", "by", "comment")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    SILENCE_ID_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    expected_version: int
    silence_id: str
    terms: SilenceTerms
    by: str
    comment: str
    def __init__(self, decision_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., silence_id: _Optional[str] = ..., terms: _Optional[_Union[SilenceTerms, _Mapping]] = ..., by: _Optional[str] = ..., comment: _Optional[str] = ...) -> None: ...

class SilencesSetResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class SilencesEndRequest(_message.Message):
    __slots__ = ("decision_id", "silence_id", "by")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    SILENCE_ID_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    silence_id: str
    by: str
    def __init__(self, decision_id: _Optional[str] = ..., silence_id: _Optional[str] = ..., by: _Optional[str] = ...) -> None: ...

class SilencesEndResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class SilencesListRequest(_message.Message):
    __slots__ = ("with_ended", "page_size", "page_token")
    WITH_ENDED_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    with_ended: bool
    page_size: int
    page_token: str
    def __init__(self, with_ended: bool = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class SilencesListResponse(_message.Message):
    __slots__ = ("silences", "next_page_token")
    SILENCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    silences: _containers.RepeatedCompositeFieldContainer[Silence]
    next_page_token: str
    def __init__(self, silences: _Optional[_Iterable[_Union[Silence, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SilencesPreviewRequest(_message.Message):
    __slots__ = ("terms",)
    TERMS_FIELD_NUMBER: _ClassVar[int]
    terms: SilenceTerms
    def __init__(self, terms: _Optional[_Union[SilenceTerms, _Mapping]] = ...) -> None: ...

class SilencesPreviewResponse(_message.Message):
    __slots__ = ("alerts", "count")
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.Alert]
    count: int
    def __init__(self, alerts: _Optional[_Iterable[_Union[_alerts_pb2.Alert, _Mapping]]] = ..., count: _Optional[int] = ...) -> None: ...
