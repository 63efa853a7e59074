import type { MethodDefinition } from '@grpc/grpc-js';
import { contracts } from '@odograph/contracts/descriptors';
import { largeIntegersIn } from '@odograph/contracts/large-integers';
import { Fault } from '@odograph/kernel/fault';

/** A method as it is generated, for its requests. */
export type RequestDecoder = Pick<MethodDefinition<unknown, unknown>, 'path' | 'requestDeserialize'>;

/**
 * The request of a method, of which the caller knows the type.
 * @throws Fault INVALID_INPUT that names the integers beyond 2^53 by their fields, or says that the bytes are not such a message.
 */
export function decode<Request>({ path, requestDeserialize }: RequestDecoder, bytes: Buffer): Request {
  try {
    return requestDeserialize(bytes) as Request;
  } catch (cause) {
    throw undecodable(path, bytes, cause);
  }
}

function undecodable(path: string, bytes: Uint8Array, cause: unknown): Fault {
  const [, serviceName = '', methodName] = path.split('/');
  const method = contracts.getService(serviceName)?.methods.find(({ name }) => name === methodName);
  const findings = method ? [...largeIntegersIn(method.input, bytes)] : [];
  const [first] = findings;
  const message = first
    ? `${first.field} ${first.description}`
    : `the bytes are not a message ${method?.input.typeName}: use the protos of this service, which reflection returns`;
  return new Fault('INVALID_INPUT', message, { findings, cause });
}
