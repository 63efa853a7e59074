import { contracts } from '@odograph/contracts/descriptors';
import { largeIntegersIn } from '@odograph/contracts/large-integers';
import { Fault } from '@odograph/kernel/fault';

/** Bytes that the request type cannot decode. The call is answered with INVALID_INPUT. */
export class Undecodable {
  readonly bytes: Uint8Array;
  readonly cause: unknown;
  constructor(bytes: Uint8Array, cause: unknown) {
    this.bytes = bytes;
    this.cause = cause;
  }
}

/**
 * Why bytes cannot be decoded as the request of a method, as a Fault INVALID_INPUT: the integers that are beyond 2^53,
 * by their fields, or that the bytes are not such a message.
 * @param path the path of the method, such as `/odograph.history.v1.EventLog/Read`.
 */
export function undecodableFault({ bytes, cause }: Undecodable, path: string): Fault {
  const [, serviceName = '', methodName] = path.split('/');
  const method = contracts.getService(serviceName)?.methods.find(({ name }) => name === methodName);
  const findings = method ? largeIntegersIn(method.input, bytes) : [];
  const [first] = findings;
  const message = first
    ? `${first.field} ${first.description}`
    : `the bytes are not a message ${method?.input.typeName}: use the protos of this service, which reflection returns`;
  return new Fault('INVALID_INPUT', message, { findings, cause });
}
