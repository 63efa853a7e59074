import { type ServiceError, status } from '@grpc/grpc-js';
import { Fault, type FaultCode, type FaultDetails } from './fault.ts';
import type { Any } from './generated/google/protobuf/any.ts';
import { BadRequest, QuotaFailure, RetryInfo } from './generated/google/rpc/error_details.ts';
import { Status } from './generated/google/rpc/status.ts';

/** The trailer with a google.rpc.Status, as gRPC clients of every language expect it. */
const DETAILS_TRAILER = 'grpc-status-details-bin';

const CODES: ReadonlyMap<number, FaultCode> = new Map([
  [status.INVALID_ARGUMENT, 'INVALID_INPUT'],
  [status.NOT_FOUND, 'NOT_FOUND'],
  [status.FAILED_PRECONDITION, 'RULE_VIOLATED'],
  [status.ABORTED, 'VERSION_CONFLICT'],
  [status.UNAVAILABLE, 'UNAVAILABLE'],
  [status.DEADLINE_EXCEEDED, 'DEADLINE'],
  [status.CANCELLED, 'CANCELLED'],
  [status.DATA_LOSS, 'CORRUPT_LOG'],
]);

/** Converts a google.rpc.Status, such as `BatchResult.refused`. */
export function faultFromRpcStatus({ code, message, details }: Status, cause?: unknown): Fault {
  const found = readDetails(details);
  return new Fault(codeOf(code, found), message, { ...found, cause });
}

/** Converts the error of a gRPC call, with the details in its trailer. */
export function faultFromServiceError(error: ServiceError): Fault {
  const bare = Status.create({ code: error.code, message: error.details });
  const [trailer] = error.metadata?.get(DETAILS_TRAILER) ?? [];
  if (!Buffer.isBuffer(trailer)) return faultFromRpcStatus(bare, error);
  try {
    return faultFromRpcStatus(Status.decode(trailer), error);
  } catch (unreadable) {
    // Another server's format: the status in the headers still holds.
    return faultFromRpcStatus(bare, new AggregateError([error, unreadable]));
  }
}

/** Whether the server itself gave this error, rather than the transport between. */
export function hasDetails(error: ServiceError): boolean {
  return (error.metadata?.get(DETAILS_TRAILER).length ?? 0) > 0;
}

/** A server that asks to wait sends RetryInfo; RESOURCE_EXHAUSTED without it means that the message is too large. */
function codeOf(code: number, { retryAfterMs }: FaultDetails): FaultCode {
  if (code === status.RESOURCE_EXHAUSTED) return retryAfterMs === undefined ? 'TOO_LARGE' : 'OVERLOADED';
  return CODES.get(code) ?? 'INTERNAL';
}

function readDetails(details: readonly Any[]): FaultDetails {
  const find = (type: string) =>
    details.find(({ typeUrl }) => typeUrl.endsWith(`/google.rpc.${type}`))?.value;
  const [badRequest, retryInfo, quota] = [find('BadRequest'), find('RetryInfo'), find('QuotaFailure')];
  const retryDelay = retryInfo && RetryInfo.decode(retryInfo).retryDelay;
  return {
    findings: badRequest && BadRequest.decode(badRequest).fieldViolations,
    retryAfterMs: retryDelay && retryDelay.seconds * 1_000 + retryDelay.nanos / 1e6,
    limit: quota && QuotaFailure.decode(quota).violations[0]?.description,
  };
}
