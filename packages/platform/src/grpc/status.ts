import { randomUUID } from 'node:crypto';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Any } from '@odograph/contracts/generated/google/protobuf/any';
import type { Duration } from '@odograph/contracts/generated/google/protobuf/duration';
import {
  BadRequest,
  ErrorInfo,
  QuotaFailure,
  RetryInfo,
} from '@odograph/contracts/generated/google/rpc/error_details';
import { Status } from '@odograph/contracts/generated/google/rpc/status';
import { Fault, type FaultCode, isFault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import type { Logger } from '../logger.ts';

const STATUS_OF: Readonly<Record<FaultCode, status>> = {
  INVALID_INPUT: status.INVALID_ARGUMENT,
  NOT_FOUND: status.NOT_FOUND,
  RULE_VIOLATED: status.FAILED_PRECONDITION,
  VERSION_CONFLICT: status.ABORTED,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  TOO_LARGE: status.RESOURCE_EXHAUSTED,
  OUT_OF_RANGE: status.OUT_OF_RANGE,
  UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE: status.DEADLINE_EXCEEDED,
  CANCELLED: status.CANCELLED,
  CORRUPT_LOG: status.DATA_LOSS,
  INTERNAL: status.INTERNAL,
};

/** The name of a Fault's gRPC status, such as `RESOURCE_EXHAUSTED`; that of any other error is `INTERNAL`. */
export function statusNameOf(error: unknown): string {
  return status[isFault(error) ? STATUS_OF[error.code] : status.INTERNAL];
}

/** Clients of every language read a google.rpc.Status from this trailer. */
export const STATUS_DETAILS_TRAILER = 'grpc-status-details-bin';

// Together below the 8 KiB of headers that many clients accept. The trailer is base64 and repeats the message.
export const MESSAGE_MAX_CHARACTERS = 500;
export const FINDINGS_MAX_BYTES = 3_000;

/** The namespace of {@link ErrorInfo} reasons: they are fault codes. */
const ERROR_DOMAIN = 'odograph';

/** gRPC libraries that retry by a service config wait this long, and do not retry at all if it is negative. */
const PUSHBACK_TRAILER = 'grpc-retry-pushback-ms';
const NEVER = -1;

/** OVERLOADED always has a delay, so that clients that do not know our reasons retry it, and not TOO_LARGE. */
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** The Fault for the caller. An error that is not a {@link Fault} is logged, and the caller gets only its id in the log. */
export function asFault(error: unknown, logger: Logger): Fault {
  if (isFault(error)) return error;
  if (isTimeout(error)) return new Fault('DEADLINE', 'there was no answer before the deadline: retry later');
  const id = randomUUID();
  logger.error({ err: error, id }, 'internal error');
  return new Fault('INTERNAL', `internal error ${id}: see this id in the log of the service`, {
    cause: error,
  });
}

/** The reason of a signal such as `beforeDeadline` gives. */
const isTimeout = (error: unknown) => error instanceof DOMException && error.name === 'TimeoutError';

/** Converts a Fault to a google.rpc.Status, the form inside the messages of a stream. */
export function toRpcStatus(fault: Fault): Status {
  const message = fault.message.toWellFormed().slice(0, MESSAGE_MAX_CHARACTERS);
  return { code: STATUS_OF[fault.code], message, details: detailsOf(fault) };
}

/** Converts anything thrown to a gRPC error, with the details in the trailer. */
export function toServiceError(error: unknown, logger: Logger): ServiceError {
  const fault = asFault(error, logger);
  const rpcStatus = toRpcStatus(fault);
  const metadata = new Metadata();
  metadata.set(STATUS_DETAILS_TRAILER, Buffer.from(Status.encode(rpcStatus).finish()));
  const retryAfterMs = fault.code === 'TOO_LARGE' ? NEVER : retryAfterMsOf(fault);
  if (retryAfterMs !== undefined) metadata.set(PUSHBACK_TRAILER, String(Math.ceil(retryAfterMs)));
  const details = rpcStatus.message;
  return Object.assign(new Error(details), { code: rpcStatus.code, details, metadata });
}

function retryAfterMsOf({ code, retryAfterMs }: Fault): number | undefined {
  return retryAfterMs ?? (code === 'OVERLOADED' ? DEFAULT_RETRY_AFTER_MS : undefined);
}

function detailsOf(fault: Fault): Any[] {
  const info = { reason: fault.code, domain: ERROR_DOMAIN, metadata: {} };
  const details = [pack('ErrorInfo', ErrorInfo.encode(info).finish())];
  if (fault.findings.length > 0) {
    const badRequest = BadRequest.create({ fieldViolations: fittingFindings(fault.findings) });
    details.push(pack('BadRequest', BadRequest.encode(badRequest).finish()));
  }
  const retryAfterMs = retryAfterMsOf(fault);
  if (retryAfterMs !== undefined) {
    details.push(pack('RetryInfo', RetryInfo.encode({ retryDelay: toDuration(retryAfterMs) }).finish()));
  }
  if (fault.limit !== undefined) {
    const description = fault.limit.slice(0, MESSAGE_MAX_CHARACTERS);
    const quota = QuotaFailure.create({ violations: [{ description }] });
    details.push(pack('QuotaFailure', QuotaFailure.encode(quota).finish()));
  }
  return details;
}

/** The findings that fit into a trailer, and a last one with the number of the others. */
function fittingFindings(findings: readonly Finding[]): Finding[] {
  const fitting: Finding[] = [];
  let bytes = 0;
  for (const { field, reason, description } of findings) {
    const finding = { field, reason, description: description.slice(0, MESSAGE_MAX_CHARACTERS) };
    bytes += Buffer.byteLength(field + reason + finding.description);
    if (bytes > FINDINGS_MAX_BYTES) break;
    fitting.push(finding);
  }
  const leftOut = findings.length - fitting.length;
  if (leftOut === 0) return fitting;
  return [...fitting, { field: '', reason: 'MORE_FINDINGS', description: `${leftOut} more, not listed` }];
}

function pack(type: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value };
}

function toDuration(ms: number): Duration {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * 1e6) };
}
