from odograph.telemetry.v1 import position_pb2 as _position_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AlertState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_STATE_UNSPECIFIED: _ClassVar[AlertState]
    ALERT_STATE_PENDING: _ClassVar[AlertState]
    ALERT_STATE_SUBSIDED: _ClassVar[AlertState]
    ALERT_STATE_FIRING: _ClassVar[AlertState]
    ALERT_STATE_RECOVERING: _ClassVar[AlertState]
    ALERT_STATE_RESOLVED: _ClassVar[AlertState]
    ALERT_STATE_RETRACTED: _ClassVar[AlertState]

class AlertSeverity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_SEVERITY_UNSPECIFIED: _ClassVar[AlertSeverity]
    ALERT_SEVERITY_INFO: _ClassVar[AlertSeverity]
    ALERT_SEVERITY_WARNING: _ClassVar[AlertSeverity]
    ALERT_SEVERITY_CRITICAL: _ClassVar[AlertSeverity]
ALERT_STATE_UNSPECIFIED: AlertState
ALERT_STATE_PENDING: AlertState
ALERT_STATE_SUBSIDED: AlertState
ALERT_STATE_FIRING: AlertState
ALERT_STATE_RECOVERING: AlertState
ALERT_STATE_RESOLVED: AlertState
ALERT_STATE_RETRACTED: AlertState
ALERT_SEVERITY_UNSPECIFIED: AlertSeverity
ALERT_SEVERITY_INFO: AlertSeverity
ALERT_SEVERITY_WARNING: AlertSeverity
ALERT_SEVERITY_CRITICAL: AlertSeverity

class Alert(_message.Message):
    __slots__ = ("id", "rule", "revision", "vehicle_id", "fleet", "state", "severity", "started_at_ms", "fired_at_ms", "ended_at_ms", "because", "is_late", "is_flapping", "values", "acknowledged")
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    FIRED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    IS_LATE_FIELD_NUMBER: _ClassVar[int]
    IS_FLAPPING_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    id: str
    rule: str
    revision: int
    vehicle_id: str
    fleet: str
    state: AlertState
    severity: AlertSeverity
    started_at_ms: int
    fired_at_ms: int
    ended_at_ms: int
    because: str
    is_late: bool
    is_flapping: bool
    values: _containers.ScalarMap[str, str]
    acknowledged: Acknowledgement
    def __init__(self, id: _Optional[str] = ..., rule: _Optional[str] = ..., revision: _Optional[int] = ..., vehicle_id: _Optional[str] = ..., fleet: _Optional[str] = ..., state: _Optional[_Union[AlertState, str]] = ..., severity: _Optional[_Union[AlertSeverity, str]] = ..., started_at_ms: _Optional[int] = ..., fired_at_ms: _Optional[int] = ..., ended_at_ms: _Optional[int] = ..., because: _Optional[str] = ..., is_late: bool = ..., is_flapping: bool = ..., values: _Optional[_Mapping[str, str]] = ..., acknowledged: _Optional[_Union[Acknowledgement, _Mapping]] = ...) -> None: ...

class Acknowledgement(_message.Message):
    __slots__ = ("by", "note", "at_ms")
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    by: str
    note: str
    at_ms: int
    def __init__(self, by: _Optional[str] = ..., note: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...

class AlertFilter(_message.Message):
    __slots__ = ("states", "rules", "vehicles", "fleets", "severities", "from_ms", "to_ms", "is_acknowledged")
    STATES_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    VEHICLES_FIELD_NUMBER: _ClassVar[int]
    FLEETS_FIELD_NUMBER: _ClassVar[int]
    SEVERITIES_FIELD_NUMBER: _ClassVar[int]
    FROM_MS_FIELD_NUMBER: _ClassVar[int]
    TO_MS_FIELD_NUMBER: _ClassVar[int]
    IS_ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[AlertState]
    rules: _containers.RepeatedScalarFieldContainer[str]
    vehicles: _containers.RepeatedScalarFieldContainer[str]
    fleets: _containers.RepeatedScalarFieldContainer[str]
    severities: _containers.RepeatedScalarFieldContainer[AlertSeverity]
    from_ms: int
    to_ms: int
    is_acknowledged: bool
    def __init__(self, states: _Optional[_Iterable[_Union[AlertState, str]]] = ..., rules: _Optional[_Iterable[str]] = ..., vehicles: _Optional[_Iterable[str]] = ..., fleets: _Optional[_Iterable[str]] = ..., severities: _Optional[_Iterable[_Union[AlertSeverity, str]]] = ..., from_ms: _Optional[int] = ..., to_ms: _Optional[int] = ..., is_acknowledged: bool = ...) -> None: ...

class AlertsListRequest(_message.Message):
    __slots__ = ("filter", "page_size", "page_token", "at_least")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    filter: AlertFilter
    page_size: int
    page_token: str
    at_least: _containers.RepeatedCompositeFieldContainer[_position_pb2.Position]
    def __init__(self, filter: _Optional[_Union[AlertFilter, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., at_least: _Optional[_Iterable[_Union[_position_pb2.Position, _Mapping]]] = ...) -> None: ...

class AlertsListResponse(_message.Message):
    __slots__ = ("alerts", "next_page_token")
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[Alert]
    next_page_token: str
    def __init__(self, alerts: _Optional[_Iterable[_Union[Alert, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AlertsGetRequest(_message.Message):
    __slots__ = ("alert_id",)
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    def __init__(self, alert_id: _Optional[str] = ...) -> None: ...

class AlertsGetResponse(_message.Message):
    __slots__ = ("alert", "history", "notices")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    alert: Alert
    history: _containers.RepeatedCompositeFieldContainer[AlertEntry]
    notices: _containers.RepeatedCompositeFieldContainer[NoticeInfo]
    def __init__(self, alert: _Optional[_Union[Alert, _Mapping]] = ..., history: _Optional[_Iterable[_Union[AlertEntry, _Mapping]]] = ..., notices: _Optional[_Iterable[_Union[NoticeInfo, _Mapping]]] = ...) -> None: ...

class AlertEntry(_message.Message):
    __slots__ = ("type", "at_ms", "recorded_at_ms", "severity", "because", "by", "note")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    type: str
    at_ms: int
    recorded_at_ms: int
    severity: AlertSeverity
    because: str
    by: str
    note: str
    def __init__(self, type: _Optional[str] = ..., at_ms: _Optional[int] = ..., recorded_at_ms: _Optional[int] = ..., severity: _Optional[_Union[AlertSeverity, str]] = ..., because: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class NoticeInfo(_message.Message):
    __slots__ = ("receiver", "kind", "state", "reason", "at_ms")
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    receiver: str
    kind: str
    state: str
    reason: str
    at_ms: int
    def __init__(self, receiver: _Optional[str] = ..., kind: _Optional[str] = ..., state: _Optional[str] = ..., reason: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...

class AlertsWatchRequest(_message.Message):
    __slots__ = ("filter",)
    FILTER_FIELD_NUMBER: _ClassVar[int]
    filter: AlertFilter
    def __init__(self, filter: _Optional[_Union[AlertFilter, _Mapping]] = ...) -> None: ...

class AlertsWatchResponse(_message.Message):
    __slots__ = ("alerts", "is_caught_up", "left_alert_ids", "begins_again")
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    IS_CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    LEFT_ALERT_IDS_FIELD_NUMBER: _ClassVar[int]
    BEGINS_AGAIN_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[Alert]
    is_caught_up: bool
    left_alert_ids: _containers.RepeatedScalarFieldContainer[str]
    begins_again: bool
    def __init__(self, alerts: _Optional[_Iterable[_Union[Alert, _Mapping]]] = ..., is_caught_up: bool = ..., left_alert_ids: _Optional[_Iterable[str]] = ..., begins_again: bool = ...) -> None: ...

class AlertsAcknowledgeRequest(_message.Message):
    __slots__ = ("alert_id", "by", "note")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    by: str
    note: str
    def __init__(self, alert_id: _Optional[str] = ..., by: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class AlertsAcknowledgeResponse(_message.Message):
    __slots__ = ("alert", "position")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    alert: Alert
    position: _position_pb2.Position
    def __init__(self, alert: _Optional[_Union[Alert, _Mapping]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class AlertsDescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AlertsDescribeResponse(_message.Message):
    __slots__ = ("partitions", "enabled_rules", "pending", "firing")
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    ENABLED_RULES_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    FIRING_FIELD_NUMBER: _ClassVar[int]
    partitions: _containers.RepeatedCompositeFieldContainer[EvaluatedPartition]
    enabled_rules: int
    pending: int
    firing: int
    def __init__(self, partitions: _Optional[_Iterable[_Union[EvaluatedPartition, _Mapping]]] = ..., enabled_rules: _Optional[int] = ..., pending: _Optional[int] = ..., firing: _Optional[int] = ...) -> None: ...

class EvaluatedPartition(_message.Message):
    __slots__ = ("position", "owner")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    position: _position_pb2.Position
    owner: str
    def __init__(self, position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., owner: _Optional[str] = ...) -> None: ...
