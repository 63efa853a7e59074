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
