import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { isReflectMessage, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { contracts } from '@odograph/contracts/descriptors';
import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';

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

/** Our decoders read numbers exactly or not at all; this one reads every integer. */
function largeIntegersIn(type: DescMessage, bytes: Uint8Array): readonly Finding[] {
  let message: Message;
  try {
    message = fromBinary(type, bytes);
  } catch {
    return [];
  }
  return Array.from(largeIntegers(reflect(type, message), ''), ([field, value]) => ({
    field,
    reason: 'OUT_OF_RANGE',
    description: `is ${value}, but must be between -(2^53 - 1) and 2^53 - 1`,
  }));
}

function* largeIntegers(message: ReflectMessage, prefix: string): Generator<[field: string, value: bigint]> {
  for (const [path, value] of valuesIn(message)) {
    const field = prefix + path;
    if (typeof value === 'bigint' && !isSafe(value)) yield [field, value];
    if (isReflectMessage(value)) yield* largeIntegers(value, `${field}.`);
  }
}

/** The values of the fields that are set; those of lists and maps one by one. */
function* valuesIn(message: ReflectMessage): Generator<[path: string, value: unknown]> {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const { name } = field;
    if (field.fieldKind === 'list') {
      for (const [index, value] of Array.from(message.get(field)).entries())
        yield [`${name}[${index}]`, value];
    } else if (field.fieldKind === 'map') {
      for (const [key, value] of message.get(field)) yield [`${name}[${key}]`, value];
    } else yield [name, message.get(field)];
  }
}

function isSafe(value: bigint): boolean {
  return Number.isSafeInteger(Number(value));
}
