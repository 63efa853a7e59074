import { status } from '@grpc/grpc-js';
import { Fault as ClientFault } from '@odograph/client/fault';
import { faultFromServiceError } from '@odograph/client/rpc-status';
import { ErrorInfo } from '@odograph/contracts/generated/google/rpc/error_details';
import { Status } from '@odograph/contracts/generated/google/rpc/status';
import { Fault, type FaultCode } from '@odograph/kernel/fault';
import { describe, expect, test } from 'vitest';
import { type Logger, silentLogger } from '../logger.ts';
import { STATUS_DETAILS_TRAILER, toRpcStatus, toServiceError } from './status.ts';

const CODES: readonly FaultCode[] = [
  'INVALID_INPUT',
  'NOT_FOUND',
  'RULE_VIOLATED',
  'VERSION_CONFLICT',
  'OVERLOADED',
  'TOO_LARGE',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DEADLINE',
  'CANCELLED',
  'CORRUPT_LOG',
  'INTERNAL',
];

/** Its details of this kind, of those that a client in any language can read. */
const infosIn = ({ details }: Status) =>
  details
    .filter(({ typeUrl }) => typeUrl === 'type.googleapis.com/google.rpc.ErrorInfo')
    .map(({ value }) => ErrorInfo.decode(value));

/** What the client makes of what the server sends. */
function overTheWire(fault: unknown) {
  return faultFromServiceError(toServiceError(fault, silentLogger));
}

describe('a fault sent as a gRPC error', () => {
  test.each(CODES)('%s comes back as itself', (code) => {
    const fault = overTheWire(new Fault(code, 'what went wrong'));
    expect(fault).toMatchObject({ code, message: 'what went wrong', findings: [], limit: undefined });
  });

  test.each(CODES)('%s has an ErrorInfo with its code, in a trailer and in a message', (code) => {
    const fault = new Fault(code, 'what went wrong');
    const [trailer] = toServiceError(fault, silentLogger).metadata.get(STATUS_DETAILS_TRAILER);
    for (const status of [Status.decode(trailer as Buffer), toRpcStatus(fault)])
      expect(infosIn(status)).toEqual([{ domain: 'odograph', reason: code, metadata: {} }]);
  });

  test('keeps its findings, its delay and its limit', () => {
    const findings = [{ field: 'reports[3].vehicle_id', reason: 'VEHICLE_ID', description: 'use A-Z' }];
    const sent = { findings, retryAfterMs: 1_250.5, limit: '20000 reports/s a client' };
    expect(overTheWire(new Fault('OVERLOADED', 'too much', sent))).toMatchObject(sent);
  });

  test('has a delay if it is OVERLOADED and none if it is TOO_LARGE, also for a client that knows only the status', () => {
    expect(overTheWire(new Fault('OVERLOADED', '')).retryAfterMs).toBe(1_000);
    expect(overTheWire(new Fault('TOO_LARGE', '', { limit: '1 MB' }))).toMatchObject({
      code: 'TOO_LARGE',
      retryAfterMs: undefined,
    });
  });

  test('fits into 8 KiB of trailers, however many findings it has', () => {
    const findings = Array.from({ length: 5_000 }, (_, index) => ({
      field: `reports[${index}].samples[0].signals.speed_kmh`,
      reason: 'NOT_FINITE',
      description: 'é'.repeat(300),
    }));
    const error = toServiceError(new Fault('INVALID_INPUT', 'é'.repeat(10_000), { findings }), silentLogger);
    const trailer = error.metadata.get(STATUS_DETAILS_TRAILER)[0] as Buffer;
    expect(trailer.toString('base64').length + encodeURI(error.details).length).toBeLessThan(8_192);
    const seen = faultFromServiceError(error).findings;
    expect(seen[0]?.field).toBe('reports[0].samples[0].signals.speed_kmh');
    expect(seen.at(-1)).toMatchObject({
      reason: 'MORE_FINDINGS',
      description: `${5_001 - seen.length} more, not listed`,
    });
  });

  test.each([
    [new Fault('OVERLOADED', '', { retryAfterMs: 1_250.5 }), ['1251']],
    [new Fault('UNAVAILABLE', '', { retryAfterMs: 300 }), ['300']],
    [new Fault('TOO_LARGE', ''), ['-1']],
    [new Fault('UNAVAILABLE', ''), []],
  ])('tells the retries of a gRPC library how long to wait', (fault, pushback) => {
    const { metadata } = toServiceError(fault, silentLogger);
    expect(metadata.get('grpc-retry-pushback-ms')).toEqual(pushback);
  });

  test('keeps a message that is not well-formed Unicode readable', () => {
    expect(overTheWire(new Fault('INVALID_INPUT', 'a \ud800 b')).message).toBe('a � b');
  });
});

test('a fault of the client package is sent as it is', () => {
  const fault = new ClientFault('NOT_FOUND', 'unknown vehicle');
  expect(overTheWire(fault)).toMatchObject({ code: 'NOT_FOUND', message: 'unknown vehicle' });
});

describe('anything else that is thrown', () => {
  test('reaches the caller as an opaque id only; the log has the error under that id', () => {
    const lines: object[] = [];
    const logger: Logger = { ...silentLogger, error: (fields) => lines.push(fields) };
    const secret = new TypeError('password is hunter2');
    const error = toServiceError(secret, logger);
    expect(error).toMatchObject({
      code: status.INTERNAL,
      details: expect.stringMatching(/^internal error [0-9a-f-]{36}:/),
    });
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(lines).toEqual([{ err: secret, id: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
    expect(error.details).toContain((lines[0] as { id: string }).id);
  });
});

test('what ends because a signal with a time limit is over is DEADLINE_EXCEEDED, and nothing to log', () => {
  const logger = { ...silentLogger, error: () => expect.unreachable() };
  const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  expect(toServiceError(late, logger)).toMatchObject({ code: status.DEADLINE_EXCEEDED });
});
