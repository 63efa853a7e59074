import { type ServiceError, status } from '@grpc/grpc-js';
import { Fault, type FaultCode, type FaultDetails, type Finding, isFaultCode } from './fault.ts';
import type { Any } from './generated/google/protobuf/any.ts';
import {
  BadRequest,
  type BadRequest_FieldViolation,
  ErrorInfo,
  QuotaFailure,
  RetryInfo,
} from './generated/google/rpc/error_details.ts';
import { Status } from './generated/google/rpc/status.ts';

/** The trailer with a google.rpc.Status, as gRPC clients of every language expect it. */
const DETAILS_TRAILER = 'grpc-status-details-bin';

/** The domain of the platform's ErrorInfo; its reason is a {@link FaultCode}. */
const ERROR_DOMAIN = 'odograph';

const CODES: ReadonlyMap<number, FaultCode> = new Map([
  [status.INVALID_ARGUMENT, 'INVALID_INPUT'],
  [status.NOT_FOUND, 'NOT_FOUND'],
  [status.FAILED_PRECONDITION, 'RULE_VIOLATED'],
  [status.ABORTED, 'VERSION_CONFLICT'],
  [status.OUT_OF_RANGE, 'OUT_OF_RANGE'],
  [status.UNAVAILABLE, 'UNAVAILABLE'],
  [status.DEADLINE_EXCEEDED, 'DEADLINE'],
  [status.CANCELLED, 'CANCELLED'],
  [status.DATA_LOSS, 'CORRUPT_LOG'],
]);

/** Converts a google.rpc.Status, such as `BatchResult.refused`. */
export function faultFromRpcStatus({ code, message, details }: Status, cause?: unknown): Fault {
  const found = readDetails(details);
  return new Fault(reasonOf(details) ?? codeOf(code, found), message, { ...found, cause });
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

/** The code as the platform gave it; undefined if the error is of a proxy or of another server. */
function reasonOf(details: readonly Any[]): FaultCode | undefined {
  const info = detail(details, 'ErrorInfo');
  if (!info) return undefined;
  const { domain, reason } = ErrorInfo.decode(info);
  return domain === ERROR_DOMAIN && isFaultCode(reason) ? reason : undefined;
}

/** A server that asks to wait sends RetryInfo; RESOURCE_EXHAUSTED without it means that the message is too large. */
function codeOf(code: number, { retryAfterMs }: FaultDetails): FaultCode {
  if (code === status.RESOURCE_EXHAUSTED) return retryAfterMs === undefined ? 'TOO_LARGE' : 'OVERLOADED';
  return CODES.get(code) ?? 'INTERNAL';
}

function detail(details: readonly Any[], type: string): Uint8Array | undefined {
  return details.find(({ typeUrl }) => typeUrl.endsWith(`/google.rpc.${type}`))?.value;
}

function readDetails(details: readonly Any[]): FaultDetails {
  const badRequest = detail(details, 'BadRequest');
  const retryInfo = detail(details, 'RetryInfo');
  const quota = detail(details, 'QuotaFailure');
  const retryDelay = retryInfo && RetryInfo.decode(retryInfo).retryDelay;
  return {
    findings: badRequest && BadRequest.decode(badRequest).fieldViolations.map(toFinding),
    retryAfterMs: retryDelay && retryDelay.seconds * 1_000 + retryDelay.nanos / 1e6,
    limit: quota && QuotaFailure.decode(quota).violations[0]?.description,
  };
}

function toFinding({ field, reason, description }: BadRequest_FieldViolation): Finding {
  return { field, reason, description };
}
