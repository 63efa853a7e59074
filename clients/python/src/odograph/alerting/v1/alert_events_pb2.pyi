from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AlertRef(_message.Message):
    __slots__ = ("id", "rule", "revision", "vehicle_id", "fleet")
    ID_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    id: str
    rule: str
    revision: int
    vehicle_id: str
    fleet: str
    def __init__(self, id: _Optional[str] = ..., rule: _Optional[str] = ..., revision: _Optional[int] = ..., vehicle_id: _Optional[str] = ..., fleet: _Optional[str] = ...) -> None: ...

class AlertPending(_message.Message):
    __slots__ = ("alert", "started_at_ms")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    started_at_ms: int
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., started_at_ms: _Optional[int] = ...) -> None: ...

class AlertSubsided(_message.Message):
    __slots__ = ("alert", "at_ms")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    at_ms: int
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., at_ms: _Optional[int] = ...) -> None: ...

class AlertFired(_message.Message):
    __slots__ = ("alert", "started_at_ms", "at_ms", "severity", "because", "flapping", "values")
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ALERT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    FLAPPING_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    started_at_ms: int
    at_ms: int
    severity: str
    because: str
    flapping: str
    values: _containers.ScalarMap[str, str]
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., started_at_ms: _Optional[int] = ..., at_ms: _Optional[int] = ..., severity: _Optional[str] = ..., because: _Optional[str] = ..., flapping: _Optional[str] = ..., values: _Optional[_Mapping[str, str]] = ...) -> None: ...

class AlertSeverityChanged(_message.Message):
    __slots__ = ("alert", "at_ms", "severity")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    at_ms: int
    severity: str
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., at_ms: _Optional[int] = ..., severity: _Optional[str] = ...) -> None: ...

class AlertRecovering(_message.Message):
    __slots__ = ("alert", "at_ms")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    at_ms: int
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., at_ms: _Optional[int] = ...) -> None: ...

class AlertFiringAgain(_message.Message):
    __slots__ = ("alert", "at_ms")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    at_ms: int
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., at_ms: _Optional[int] = ...) -> None: ...

class AlertResolved(_message.Message):
    __slots__ = ("alert", "at_ms", "because")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    at_ms: int
    because: str
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., at_ms: _Optional[int] = ..., because: _Optional[str] = ...) -> None: ...

class AlertRaisedLate(_message.Message):
    __slots__ = ("alert", "started_at_ms", "fired_at_ms", "severity", "resolved_at_ms")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    FIRED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    started_at_ms: int
    fired_at_ms: int
    severity: str
    resolved_at_ms: int
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., started_at_ms: _Optional[int] = ..., fired_at_ms: _Optional[int] = ..., severity: _Optional[str] = ..., resolved_at_ms: _Optional[int] = ...) -> None: ...

class AlertCorrected(_message.Message):
    __slots__ = ("alert", "started_at_ms", "fired_at_ms", "severity", "resolved_at_ms")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    FIRED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    started_at_ms: int
    fired_at_ms: int
    severity: str
    resolved_at_ms: int
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ..., started_at_ms: _Optional[int] = ..., fired_at_ms: _Optional[int] = ..., severity: _Optional[str] = ..., resolved_at_ms: _Optional[int] = ...) -> None: ...

class AlertRetracted(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: AlertRef
    def __init__(self, alert: _Optional[_Union[AlertRef, _Mapping]] = ...) -> None: ...

class FlappingEnded(_message.Message):
    __slots__ = ("rule", "vehicle_id", "at_ms")
    RULE_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    rule: str
    vehicle_id: str
    at_ms: int
    def __init__(self, rule: _Optional[str] = ..., vehicle_id: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...

class LateSamplesRejected(_message.Message):
    __slots__ = ("rule", "vehicle_id", "first_at_ms")
    RULE_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_AT_MS_FIELD_NUMBER: _ClassVar[int]
    rule: str
    vehicle_id: str
    first_at_ms: int
    def __init__(self, rule: _Optional[str] = ..., vehicle_id: _Optional[str] = ..., first_at_ms: _Optional[int] = ...) -> None: ...

class AlertAcknowledged(_message.Message):
    __slots__ = ("alert_id", "vehicle_id", "by", "note")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    vehicle_id: str
    by: str
    note: str
    def __init__(self, alert_id: _Optional[str] = ..., vehicle_id: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class RuleCreated(_message.Message):
    __slots__ = ("document", "by", "note")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    document: str
    by: str
    note: str
    def __init__(self, document: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class RuleRevised(_message.Message):
    __slots__ = ("document", "by", "note")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    document: str
    by: str
    note: str
    def __init__(self, document: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class RuleEnabled(_message.Message):
    __slots__ = ("by", "note")
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    by: str
    note: str
    def __init__(self, by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class RuleDisabled(_message.Message):
    __slots__ = ("by", "note")
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    by: str
    note: str
    def __init__(self, by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class RuleApplied(_message.Message):
    __slots__ = ("rule", "version", "revision", "document")
    RULE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    rule: str
    version: int
    revision: int
    document: str
    def __init__(self, rule: _Optional[str] = ..., version: _Optional[int] = ..., revision: _Optional[int] = ..., document: _Optional[str] = ...) -> None: ...

class SilenceSet(_message.Message):
    __slots__ = ("rules", "vehicles", "fleets", "severities", "starts_at_ms", "ends_at_ms", "by", "comment")
    RULES_FIELD_NUMBER: _ClassVar[int]
    VEHICLES_FIELD_NUMBER: _ClassVar[int]
    FLEETS_FIELD_NUMBER: _ClassVar[int]
    SEVERITIES_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_MS_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedScalarFieldContainer[str]
    vehicles: _containers.RepeatedScalarFieldContainer[str]
    fleets: _containers.RepeatedScalarFieldContainer[str]
    severities: _containers.RepeatedScalarFieldContainer[str]
    starts_at_ms: int
    ends_at_ms: int
    by: str
    comment: str
    def __init__(self, rules: _Optional[_Iterable[str]] = ..., vehicles: _Optional[_Iterable[str]] = ..., fleets: _Optional[_Iterable[str]] = ..., severities: _Optional[_Iterable[str]] = ..., starts_at_ms: _Optional[int] = ..., ends_at_ms: _Optional[int] = ..., by: _Optional[str] = ..., comment: _Optional[str] = ...) -> None: ...

class SilenceEnded(_message.Message):
    __slots__ = ("by",)
    BY_FIELD_NUMBER: _ClassVar[int]
    by: str
    def __init__(self, by: _Optional[str] = ...) -> None: ...
