"""The methods of the contracts."""

from odograph.alerting.v1 import alert_rules_pb2 as rules
from odograph.alerting.v1 import alerts_pb2 as alerts
from odograph.alerting.v1 import dead_letters_pb2 as dead_letters
from odograph.alerting.v1 import silences_pb2 as silences
from odograph.cache.v1 import cache_pb2 as cache
from odograph.cache.v1 import cached_history_pb2 as cached
from odograph.cache.v1 import vehicle_status_pb2 as latest
from odograph.channel import Method
from odograph.history.v1 import event_log_pb2 as log
from odograph.history.v1 import projections_pb2 as projections
from odograph.history.v1 import vehicle_history_pb2 as history
from odograph.history.v1 import vehicle_registry_pb2 as registry
from odograph.telemetry.v1 import telemetry_ingest_pb2 as ingest

REPORT = Method("odograph.telemetry.v1.TelemetryIngest/Report", ingest.ReportRequest, ingest.ReportResponse)
CONNECT = Method(
    "odograph.telemetry.v1.TelemetryIngest/Connect", ingest.ConnectRequest, ingest.ConnectResponse
)

DESCRIBE_INGEST = Method(
    "odograph.telemetry.v1.TelemetryIngest/Describe", ingest.DescribeRequest, ingest.DescribeResponse
)

GET_STATUS = Method(
    "odograph.history.v1.VehicleHistory/GetStatus", history.GetStatusRequest, history.GetStatusResponse
)
LIST_STATUS = Method(
    "odograph.history.v1.VehicleHistory/ListStatus", history.ListStatusRequest, history.ListStatusResponse
)
LIST_SAMPLES = Method(
    "odograph.history.v1.VehicleHistory/ListSamples", history.ListSamplesRequest, history.ListSamplesResponse
)

DESCRIBE = Method("odograph.history.v1.EventLog/Describe", log.DescribeRequest, log.DescribeResponse)
READ = Method("odograph.history.v1.EventLog/Read", log.ReadRequest, log.ReadResponse)
SUBSCRIBE = Method("odograph.history.v1.EventLog/Subscribe", log.SubscribeRequest, log.SubscribeResponse)
SET_ASIDE_MESSAGE = Method(
    "odograph.history.v1.EventLog/SetAsideMessage", log.SetAsideMessageRequest, log.SetAsideMessageResponse
)

REGISTER = Method(
    "odograph.history.v1.VehicleRegistry/Register", registry.RegisterRequest, registry.RegisterResponse
)
UPDATE = Method("odograph.history.v1.VehicleRegistry/Update", registry.UpdateRequest, registry.UpdateResponse)
RETIRE = Method("odograph.history.v1.VehicleRegistry/Retire", registry.RetireRequest, registry.RetireResponse)
GET = Method("odograph.history.v1.VehicleRegistry/Get", registry.GetRequest, registry.GetResponse)
LIST = Method("odograph.history.v1.VehicleRegistry/List", registry.ListRequest, registry.ListResponse)

LIST_PARKED = Method(
    "odograph.history.v1.Projections/ListParked",
    projections.ListParkedRequest,
    projections.ListParkedResponse,
)
RETRY_PARKED = Method(
    "odograph.history.v1.Projections/RetryParked",
    projections.RetryParkedRequest,
    projections.RetryParkedResponse,
)
DROP_PARKED = Method(
    "odograph.history.v1.Projections/DropParked",
    projections.DropParkedRequest,
    projections.DropParkedResponse,
)

GET_LATEST = Method("odograph.cache.v1.VehicleStatus/Get", latest.GetRequest, latest.GetResponse)
LIST_LATEST = Method("odograph.cache.v1.VehicleStatus/List", latest.ListRequest, latest.ListResponse)
WATCH = Method("odograph.cache.v1.VehicleStatus/Watch", latest.WatchRequest, latest.WatchResponse)

LIST_CACHED_SAMPLES = Method(
    "odograph.cache.v1.CachedHistory/ListSamples", cached.ListSamplesRequest, cached.ListSamplesResponse
)
GET_SERIES = Method(
    "odograph.cache.v1.CachedHistory/GetSeries", cached.GetSeriesRequest, cached.GetSeriesResponse
)
GET_CACHED_VEHICLE = Method(
    "odograph.cache.v1.CachedHistory/GetVehicle", cached.GetVehicleRequest, cached.GetVehicleResponse
)

INSPECT = Method("odograph.cache.v1.Cache/Inspect", cache.InspectRequest, cache.InspectResponse)
INVALIDATE = Method("odograph.cache.v1.Cache/Invalidate", cache.InvalidateRequest, cache.InvalidateResponse)
WARM = Method("odograph.cache.v1.Cache/Warm", cache.WarmRequest, cache.WarmResponse)
STATS = Method("odograph.cache.v1.Cache/Stats", cache.StatsRequest, cache.StatsResponse)

LIST_ALERTS = Method("odograph.alerting.v1.Alerts/List", alerts.AlertsListRequest, alerts.AlertsListResponse)
GET_ALERT = Method("odograph.alerting.v1.Alerts/Get", alerts.AlertsGetRequest, alerts.AlertsGetResponse)
WATCH_ALERTS = Method(
    "odograph.alerting.v1.Alerts/Watch", alerts.AlertsWatchRequest, alerts.AlertsWatchResponse
)
ACKNOWLEDGE = Method(
    "odograph.alerting.v1.Alerts/Acknowledge",
    alerts.AlertsAcknowledgeRequest,
    alerts.AlertsAcknowledgeResponse,
)
DESCRIBE_ALERTING = Method(
    "odograph.alerting.v1.Alerts/Describe", alerts.AlertsDescribeRequest, alerts.AlertsDescribeResponse
)

CREATE_RULE = Method(
    "odograph.alerting.v1.AlertRules/Create", rules.AlertRulesCreateRequest, rules.AlertRulesCreateResponse
)
REVISE_RULE = Method(
    "odograph.alerting.v1.AlertRules/Revise", rules.AlertRulesReviseRequest, rules.AlertRulesReviseResponse
)
ENABLE_RULE = Method(
    "odograph.alerting.v1.AlertRules/Enable", rules.AlertRulesEnableRequest, rules.AlertRulesEnableResponse
)
DISABLE_RULE = Method(
    "odograph.alerting.v1.AlertRules/Disable", rules.AlertRulesDisableRequest, rules.AlertRulesDisableResponse
)
GET_RULE = Method(
    "odograph.alerting.v1.AlertRules/Get", rules.AlertRulesGetRequest, rules.AlertRulesGetResponse
)
LIST_RULES = Method(
    "odograph.alerting.v1.AlertRules/List", rules.AlertRulesListRequest, rules.AlertRulesListResponse
)
RULE_HISTORY = Method(
    "odograph.alerting.v1.AlertRules/History", rules.AlertRulesHistoryRequest, rules.AlertRulesHistoryResponse
)
CHECK_RULES = Method(
    "odograph.alerting.v1.AlertRules/Check", rules.AlertRulesCheckRequest, rules.AlertRulesCheckResponse
)
BACKTEST_RULE = Method(
    "odograph.alerting.v1.AlertRules/Backtest",
    rules.AlertRulesBacktestRequest,
    rules.AlertRulesBacktestResponse,
)

SET_SILENCE = Method(
    "odograph.alerting.v1.Silences/Set", silences.SilencesSetRequest, silences.SilencesSetResponse
)
END_SILENCE = Method(
    "odograph.alerting.v1.Silences/End", silences.SilencesEndRequest, silences.SilencesEndResponse
)
LIST_SILENCES = Method(
    "odograph.alerting.v1.Silences/List", silences.SilencesListRequest, silences.SilencesListResponse
)
PREVIEW_SILENCE = Method(
    "odograph.alerting.v1.Silences/Preview", silences.SilencesPreviewRequest, silences.SilencesPreviewResponse
)

LIST_DEAD_LETTERS = Method(
    "odograph.alerting.v1.DeadLetters/List",
    dead_letters.DeadLettersListRequest,
    dead_letters.DeadLettersListResponse,
)
REPLAY_DEAD_LETTERS = Method(
    "odograph.alerting.v1.DeadLetters/Replay",
    dead_letters.DeadLettersReplayRequest,
    dead_letters.DeadLettersReplayResponse,
)
