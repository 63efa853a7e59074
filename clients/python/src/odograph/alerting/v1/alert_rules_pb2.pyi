from odograph.telemetry.v1 import position_pb2 as _position_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Rule(_message.Message):
    __slots__ = ("name", "revision", "version", "is_enabled", "document")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    IS_ENABLED_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    revision: int
    version: int
    is_enabled: bool
    document: str
    def __init__(self, name: _Optional[str] = ..., revision: _Optional[int] = ..., version: _Optional[int] = ..., is_enabled: bool = ..., document: _Optional[str] = ...) -> None: ...

class AlertRulesCreateRequest(_message.Message):
    __slots__ = ("decision_id", "document", "by", "note")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    document: str
    by: str
    note: str
    def __init__(self, decision_id: _Optional[str] = ..., document: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class AlertRulesCreateResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class AlertRulesReviseRequest(_message.Message):
    __slots__ = ("decision_id", "expected_version", "document", "by", "note")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    expected_version: int
    document: str
    by: str
    note: str
    def __init__(self, decision_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., document: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class AlertRulesReviseResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class AlertRulesEnableRequest(_message.Message):
    __slots__ = ("decision_id", "expected_version", "rule", "by", "note")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    expected_version: int
    rule: str
    by: str
    note: str
    def __init__(self, decision_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., rule: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class AlertRulesEnableResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class AlertRulesDisableRequest(_message.Message):
    __slots__ = ("decision_id", "expected_version", "rule", "by", "note")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    expected_version: int
    rule: str
    by: str
    note: str
    def __init__(self, decision_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., rule: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class AlertRulesDisableResponse(_message.Message):
    __slots__ = ("version", "position")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    position: _position_pb2.Position
    def __init__(self, version: _Optional[int] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class AlertRulesGetRequest(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: str
    def __init__(self, rule: _Optional[str] = ...) -> None: ...

class AlertRulesGetResponse(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: Rule
    def __init__(self, rule: _Optional[_Union[Rule, _Mapping]] = ...) -> None: ...

class AlertRulesListRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class AlertRulesListResponse(_message.Message):
    __slots__ = ("rules", "next_page_token")
    RULES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[Rule]
    next_page_token: str
    def __init__(self, rules: _Optional[_Iterable[_Union[Rule, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AlertRulesHistoryRequest(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: str
    def __init__(self, rule: _Optional[str] = ...) -> None: ...

class AlertRulesHistoryResponse(_message.Message):
    __slots__ = ("changes",)
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[RuleChange]
    def __init__(self, changes: _Optional[_Iterable[_Union[RuleChange, _Mapping]]] = ...) -> None: ...

class RuleChange(_message.Message):
    __slots__ = ("type", "version", "revision", "by", "note", "at_ms", "document")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    type: str
    version: int
    revision: int
    by: str
    note: str
    at_ms: int
    document: str
    def __init__(self, type: _Optional[str] = ..., version: _Optional[int] = ..., revision: _Optional[int] = ..., by: _Optional[str] = ..., note: _Optional[str] = ..., at_ms: _Optional[int] = ..., document: _Optional[str] = ...) -> None: ...

class AlertRulesCheckRequest(_message.Message):
    __slots__ = ("documents",)
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    documents: str
    def __init__(self, documents: _Optional[str] = ...) -> None: ...

class AlertRulesCheckResponse(_message.Message):
    __slots__ = ("rules", "findings")
    RULES_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedScalarFieldContainer[str]
    findings: _containers.RepeatedCompositeFieldContainer[RuleFinding]
    def __init__(self, rules: _Optional[_Iterable[str]] = ..., findings: _Optional[_Iterable[_Union[RuleFinding, _Mapping]]] = ...) -> None: ...

class RuleFinding(_message.Message):
    __slots__ = ("line", "column", "field", "reason", "description")
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    line: int
    column: int
    field: str
    reason: str
    description: str
    def __init__(self, line: _Optional[int] = ..., column: _Optional[int] = ..., field: _Optional[str] = ..., reason: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class AlertRulesBacktestRequest(_message.Message):
    __slots__ = ("document", "other_document", "from_ms", "to_ms", "max_events", "with_state_hashes")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    OTHER_DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    FROM_MS_FIELD_NUMBER: _ClassVar[int]
    TO_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENTS_FIELD_NUMBER: _ClassVar[int]
    WITH_STATE_HASHES_FIELD_NUMBER: _ClassVar[int]
    document: str
    other_document: str
    from_ms: int
    to_ms: int
    max_events: int
    with_state_hashes: bool
    def __init__(self, document: _Optional[str] = ..., other_document: _Optional[str] = ..., from_ms: _Optional[int] = ..., to_ms: _Optional[int] = ..., max_events: _Optional[int] = ..., with_state_hashes: bool = ...) -> None: ...

class AlertRulesBacktestResponse(_message.Message):
    __slots__ = ("share", "events", "result")
    SHARE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    share: float
    events: int
    result: BacktestResult
    def __init__(self, share: _Optional[float] = ..., events: _Optional[int] = ..., result: _Optional[_Union[BacktestResult, _Mapping]] = ...) -> None: ...

class BacktestResult(_message.Message):
    __slots__ = ("as_known_then", "as_known_now", "other_as_known_then", "difference", "vehicles", "flapping", "took_ms", "state_hashes")
    AS_KNOWN_THEN_FIELD_NUMBER: _ClassVar[int]
    AS_KNOWN_NOW_FIELD_NUMBER: _ClassVar[int]
    OTHER_AS_KNOWN_THEN_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    VEHICLES_FIELD_NUMBER: _ClassVar[int]
    FLAPPING_FIELD_NUMBER: _ClassVar[int]
    TOOK_MS_FIELD_NUMBER: _ClassVar[int]
    STATE_HASHES_FIELD_NUMBER: _ClassVar[int]
    as_known_then: BacktestTimeline
    as_known_now: BacktestTimeline
    other_as_known_then: BacktestTimeline
    difference: BacktestDifference
    vehicles: int
    flapping: int
    took_ms: int
    state_hashes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, as_known_then: _Optional[_Union[BacktestTimeline, _Mapping]] = ..., as_known_now: _Optional[_Union[BacktestTimeline, _Mapping]] = ..., other_as_known_then: _Optional[_Union[BacktestTimeline, _Mapping]] = ..., difference: _Optional[_Union[BacktestDifference, _Mapping]] = ..., vehicles: _Optional[int] = ..., flapping: _Optional[int] = ..., took_ms: _Optional[int] = ..., state_hashes: _Optional[_Iterable[str]] = ...) -> None: ...

class BacktestTimeline(_message.Message):
    __slots__ = ("episodes", "pages", "pages_per_vehicle_day", "share_under_minute", "delay_p50_ms", "delay_p95_ms", "listed")
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    PAGES_PER_VEHICLE_DAY_FIELD_NUMBER: _ClassVar[int]
    SHARE_UNDER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    DELAY_P50_MS_FIELD_NUMBER: _ClassVar[int]
    DELAY_P95_MS_FIELD_NUMBER: _ClassVar[int]
    LISTED_FIELD_NUMBER: _ClassVar[int]
    episodes: int
    pages: int
    pages_per_vehicle_day: float
    share_under_minute: float
    delay_p50_ms: int
    delay_p95_ms: int
    listed: _containers.RepeatedCompositeFieldContainer[BacktestEpisode]
    def __init__(self, episodes: _Optional[int] = ..., pages: _Optional[int] = ..., pages_per_vehicle_day: _Optional[float] = ..., share_under_minute: _Optional[float] = ..., delay_p50_ms: _Optional[int] = ..., delay_p95_ms: _Optional[int] = ..., listed: _Optional[_Iterable[_Union[BacktestEpisode, _Mapping]]] = ...) -> None: ...

class BacktestEpisode(_message.Message):
    __slots__ = ("vehicle_id", "severity", "started_at_ms", "fired_at_ms", "ended_at_ms", "known_at_ms", "suppressed_because")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    FIRED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SUPPRESSED_BECAUSE_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    severity: str
    started_at_ms: int
    fired_at_ms: int
    ended_at_ms: int
    known_at_ms: int
    suppressed_because: str
    def __init__(self, vehicle_id: _Optional[str] = ..., severity: _Optional[str] = ..., started_at_ms: _Optional[int] = ..., fired_at_ms: _Optional[int] = ..., ended_at_ms: _Optional[int] = ..., known_at_ms: _Optional[int] = ..., suppressed_because: _Optional[str] = ...) -> None: ...

class BacktestDifference(_message.Message):
    __slots__ = ("added", "removed", "moved")
    ADDED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    added: _containers.RepeatedCompositeFieldContainer[BacktestEpisode]
    removed: _containers.RepeatedCompositeFieldContainer[BacktestEpisode]
    moved: _containers.RepeatedCompositeFieldContainer[BacktestEpisode]
    def __init__(self, added: _Optional[_Iterable[_Union[BacktestEpisode, _Mapping]]] = ..., removed: _Optional[_Iterable[_Union[BacktestEpisode, _Mapping]]] = ..., moved: _Optional[_Iterable[_Union[BacktestEpisode, _Mapping]]] = ...) -> None: ...
