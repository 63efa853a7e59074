"""The error that every function of this package raises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status

FaultCode = Literal[
    "INVALID_INPUT",  # The request is wrong: correct it, do not retry.
    "NOT_FOUND",
    "RULE_VIOLATED",  # The state does not allow it: read again first.
    "VERSION_CONFLICT",  # Another decision came first: decide again.
    "OVERLOADED",  # A limit or a full buffer: wait, then retry.
    "TOO_LARGE",  # A message is over a size limit: split it.
    "OUT_OF_RANGE",  # The position is after the end of the log, which was restored.
    "UNAVAILABLE",  # The server, or something it needs, is away: retry.
    "DEADLINE",
    "CANCELLED",  # The client was closed.
    "CORRUPT_LOG",  # The log contains something invalid: an operator must look at it.
    "INTERNAL",  # A programming error, on either side.
]

_CODES: dict[int, FaultCode] = {
    grpc.StatusCode.INVALID_ARGUMENT.value[0]: "INVALID_INPUT",
    grpc.StatusCode.NOT_FOUND.value[0]: "NOT_FOUND",
    grpc.StatusCode.FAILED_PRECONDITION.value[0]: "RULE_VIOLATED",
    grpc.StatusCode.ABORTED.value[0]: "VERSION_CONFLICT",
    grpc.StatusCode.OUT_OF_RANGE.value[0]: "OUT_OF_RANGE",
    grpc.StatusCode.UNAVAILABLE.value[0]: "UNAVAILABLE",
    grpc.StatusCode.DEADLINE_EXCEEDED.value[0]: "DEADLINE",
    grpc.StatusCode.CANCELLED.value[0]: "CANCELLED",
    grpc.StatusCode.DATA_LOSS.value[0]: "CORRUPT_LOG",
}

# The domain of the platform's ErrorInfo; its reason is a FaultCode.
_ERROR_DOMAIN = "odograph"
# The trailer with a google.rpc.Status.
_DETAILS_TRAILER = "grpc-status-details-bin"


@dataclass(frozen=True)
class Finding:
    """One field that is wrong."""

    field: str
    """Path of the field, such as `reports[3].samples[0].signals.speed_kmh`; empty for the whole request."""
    reason: str
    """Upper snake case, stable for programs."""
    description: str
    """What is wrong with the field, in English."""


class Fault(Exception):
    """Why a call failed. `code` says what the caller can do about it."""

    def __init__(
        self,
        code: FaultCode,
        message: str,
        *,
        findings: Sequence[Finding] = (),
        retry_after: float | None = None,
        limit: str | None = None,
    ) -> None:
        # What pickle makes it from again; the other fields are in its state.
        super().__init__(code, message)
        self.code: FaultCode = code
        self.message = message
        self.findings = tuple(findings)
        """The fields of the request that are wrong."""
        self.retry_after = retry_after
        """When a retry may help, in seconds from now."""
        self.limit = limit
        """The limit that was reached, such as `20000 reports/s a client`."""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def fault_of_status(status: Status) -> Fault:
    """Converts a google.rpc.Status, such as `BatchResult.refused`."""
    info, request, retry, quota = ErrorInfo(), BadRequest(), RetryInfo(), QuotaFailure()
    for detail in status.details:
        for message in (info, request, retry, quota):
            detail.Unpack(message)
    has_delay = retry.HasField("retry_delay")
    retry_after = retry.retry_delay.ToNanoseconds() / 1e9 if has_delay else None
    code = _CODES.get(status.code, "INTERNAL")
    if info.domain == _ERROR_DOMAIN and info.reason in get_args(FaultCode):
        code = cast(FaultCode, info.reason)
    elif status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]:
        code = "OVERLOADED" if has_delay else "TOO_LARGE"
    return Fault(
        code,
        status.message,
        findings=[Finding(each.field, each.reason, each.description) for each in request.field_violations],
        retry_after=retry_after,
        limit=quota.violations[0].description if quota.violations else None,
    )


def fault_of_call(call: grpc.Call) -> Fault:
    """Converts how a call ended, with the details in its trailer."""
    bare = Status(code=call.code().value[0], message=call.details() or "")
    trailer = _details_of(call)
    if trailer is None:
        return fault_of_status(bare)
    try:
        return fault_of_status(Status.FromString(trailer))
    except DecodeError:
        # Another server's format: the status in the headers still holds.
        return fault_of_status(bare)


def has_details(call: grpc.Call) -> bool:
    """Whether the server itself gave this error, rather than the transport between."""
    return _details_of(call) is not None


def _details_of(call: grpc.Call) -> bytes | None:
    trailers = call.trailing_metadata() or ()
    return next(
        (value for key, value in trailers if key == _DETAILS_TRAILER and isinstance(value, bytes)), None
    )
