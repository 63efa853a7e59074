import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { faultFromServiceError } from './rpc-status.ts';

const DETAILS_TRAILER = 'grpc-status-details-bin';

function serviceError(code: status, details: string, metadata = new Metadata()): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata });
}

describe('a gRPC error of another server', () => {
  it.each([
    [status.UNIMPLEMENTED, 'INTERNAL'],
    [status.UNKNOWN, 'INTERNAL'],
    [status.RESOURCE_EXHAUSTED, 'TOO_LARGE'],
    [status.NOT_FOUND, 'NOT_FOUND'],
  ])('status %i without details is %s', (code, expected) => {
    expect(faultFromServiceError(serviceError(code, 'said so'))).toMatchObject({
      code: expected,
      message: 'said so',
    });
  });

  it('whose trailer cannot be read has the code and message of its headers', () => {
    const metadata = new Metadata();
    metadata.set(DETAILS_TRAILER, Buffer.from([0x1a, 0xff, 0xff]));
    const fault = faultFromServiceError(serviceError(status.ABORTED, 'said so', metadata));
    expect(fault).toMatchObject({ code: 'VERSION_CONFLICT', message: 'said so' });
  });
});
