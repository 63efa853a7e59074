import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { isReflectMessage, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { Finding } from '@odograph/kernel/finding';

/**
 * The integers of a message that are beyond 2^53, by their fields; none if the bytes are not such a message.
 * The generated decoders read numbers exactly or not at all, and do not say which one they could not read.
 */
export function largeIntegersIn(type: DescMessage, bytes: Uint8Array): readonly Finding[] {
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
