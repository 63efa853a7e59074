"""How a google.rpc.Status becomes a Fault, and what a Fault keeps."""

import pickle

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from odograph import Fault, Finding
from odograph.fault import fault_of_status


def status(code: StatusCode, *details: Message) -> Status:
    packed = [Any() for _ in details]
    for target, detail in zip(packed, details, strict=True):
        target.Pack(detail)
    return Status(code=code.value[0], message="why", details=packed)


def test_the_details_become_findings_delay_and_limit() -> None:
    retry = RetryInfo()
    retry.retry_delay.FromMilliseconds(1_500)
    finding = BadRequest.FieldViolation(field="vehicle_id", reason="EMPTY", description="is empty")
    quota = QuotaFailure(violations=[QuotaFailure.Violation(description="10 reports/s a client")])
    details = (BadRequest(field_violations=[finding]), retry, quota)
    fault = fault_of_status(status(StatusCode.RESOURCE_EXHAUSTED, *details))
    assert (fault.code, fault.message, fault.retry_after) == ("OVERLOADED", "why", 1.5)
    assert fault.findings == (Finding("vehicle_id", "EMPTY", "is empty"),)
    assert fault.limit == "10 reports/s a client"


def test_the_reason_of_the_platform_comes_before_the_status() -> None:
    info = ErrorInfo(domain="odograph", reason="TOO_LARGE")
    retry = RetryInfo()
    retry.retry_delay.FromMilliseconds(1)
    assert fault_of_status(status(StatusCode.RESOURCE_EXHAUSTED, info, retry)).code == "TOO_LARGE"


def test_the_reason_of_another_service_does_not_count() -> None:
    info = ErrorInfo(domain="proxy.example", reason="NOT_FOUND")
    assert fault_of_status(status(StatusCode.UNAVAILABLE, info)).code == "UNAVAILABLE"
    assert fault_of_status(status(StatusCode.UNKNOWN)).code == "INTERNAL"
    assert fault_of_status(status(StatusCode.RESOURCE_EXHAUSTED)).code == "TOO_LARGE"


def test_a_fault_reaches_another_process_whole() -> None:
    fault = Fault(
        "OVERLOADED", "why", findings=[Finding("a", "B", "c")], retry_after=1.5, limit="10 a second"
    )
    copy = pickle.loads(pickle.dumps(fault))  # noqa: S301
    assert (vars(copy), str(copy)) == (vars(fault), "OVERLOADED: why")
