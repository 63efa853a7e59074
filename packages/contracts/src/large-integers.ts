import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Finding } from '@odograph/kernel/finding';

/**
 * The integers of a request that are beyond 2^53, by their fields, up to the end of the bytes or the first that cannot be read.
 * The generated decoders read numbers exactly or not at all, and do not say which one they could not read.
 * The next one is looked for when it is asked for, because a message can have very many.
 * Those of lists and maps of integers are left out: no request has any.
 */
export function* largeIntegersIn(type: DescMessage, bytes: Uint8Array): Generator<Finding, void> {
  try {
    for (const [field, value] of largeIntegers(new BinaryReader(bytes), type, bytes.length, ''))
      yield {
        field,
        reason: 'OUT_OF_RANGE',
        description: `is ${value}, but must be between -(2^53 - 1) and 2^53 - 1`,
      };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

function* largeIntegers(
  reader: BinaryReader,
  type: DescMessage,
  end: number,
  prefix: string,
): Generator<[field: string, value: bigint | string]> {
  const counts = new Map<number, number>();
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const index = counts.get(number) ?? 0;
    counts.set(number, index + 1);
    const field = fieldOf(type, number, wireType);
    if (!field) reader.skip(wireType, number);
    else if (field.message) {
      const length = reader.uint32();
      const place = field.fieldKind === 'list' ? `${field.name}[${index}]` : field.name;
      yield* largeIntegers(reader, field.message, reader.pos + length, `${prefix}${place}.`);
    } else {
      const value = integerOf(reader, field);
      if (!Number.isSafeInteger(Number(value))) yield [prefix + field.name, value];
    }
  }
}

function integerOf(reader: BinaryReader, { scalar }: DescField): bigint | string {
  return scalar === ScalarType.INT64 ? reader.int64() : reader.uint64();
}

/** The field of a number if it is an integer of 64 bits, or has messages. */
function fieldOf(type: DescMessage, number: number, wireType: WireType): DescField | undefined {
  const field = type.fields.find((each) => each.number === number);
  if (!field || field.fieldKind === 'map') return undefined;
  if (field.message) return wireType === WireType.LengthDelimited ? field : undefined;
  const isInteger = field.scalar === ScalarType.INT64 || field.scalar === ScalarType.UINT64;
  return isInteger && wireType === WireType.Varint ? field : undefined;
}
