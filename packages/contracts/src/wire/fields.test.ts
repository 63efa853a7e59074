import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FieldCursor, WireError } from './fields.ts';

type WriteField = (writer: BinaryWriter) => void;

const anyFieldNumber = fc.integer({ min: 1, max: 2 ** 29 - 1 });
const anyField: fc.Arbitrary<WriteField> = fc.letrec<{ field: WriteField }>((tie) => ({
  field: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(anyFieldNumber, fc.maxSafeInteger().map(Math.abs)).map(([number, value]): WriteField => {
      return (writer) => writer.tag(number, WireType.Varint).uint64(value);
    }),
    fc.tuple(anyFieldNumber, fc.uint8Array()).map(([number, value]): WriteField => {
      return (writer) => writer.tag(number, WireType.LengthDelimited).bytes(value);
    }),
    fc.tuple(anyFieldNumber, fc.double()).map(([number, value]): WriteField => {
      return (writer) => writer.tag(number, WireType.Bit64).double(value);
    }),
    fc.tuple(anyFieldNumber, fc.float()).map(([number, value]): WriteField => {
      return (writer) => writer.tag(number, WireType.Bit32).float(value);
    }),
    fc.tuple(anyFieldNumber, fc.array(tie('field'))).map(([number, fields]): WriteField => {
      return (writer) => {
        writer.tag(number, WireType.StartGroup);
        for (const write of fields) write(writer);
        writer.tag(number, WireType.EndGroup);
      };
    }),
  ),
})).field;

/** Where each field of a message ends, as the library reads it; undefined if it throws. */
function endsOf(bytes: Uint8Array): readonly number[] | undefined {
  const reader = new BinaryReader(bytes);
  const ends: number[] = [];
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      reader.skip(wireType, number);
      ends.push(reader.pos);
    }
    return ends;
  } catch {
    return undefined;
  }
}

/** The same, as the cursor reads it, with other bytes before and after the message. */
function endsByCursor(bytes: Uint8Array): readonly number[] | undefined {
  const cursor = new FieldCursor(
    Buffer.concat([Buffer.of(0xff), bytes, Buffer.of(1, 1)]),
    1,
    1 + bytes.length,
  );
  const ends: number[] = [];
  try {
    while (!cursor.isAtEnd) {
      cursor.skip(cursor.tag());
      ends.push(cursor.at - 1);
    }
    return ends;
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return undefined;
  }
}

test('the fields of a message end where the library says, whole or cut', () => {
  fc.assert(
    fc.property(fc.array(anyField, { maxLength: 5 }), fc.nat(40), (fields, cut) => {
      const writer = new BinaryWriter();
      for (const write of fields) write(writer);
      const message = writer.finish();
      expect(endsByCursor(message)).toEqual(endsOf(message));
      const part = message.subarray(0, Math.max(0, message.length - cut));
      expect(endsByCursor(part)).toEqual(endsOf(part));
    }),
  );
});

test('a number is the one that the library wrote, up to 2^53', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger().map(Math.abs), (value) => {
      expect(new FieldCursor(new BinaryWriter().uint64(value).finish()).varint()).toBe(value);
    }),
  );
});

test.each([
  ['a number without an end', [0x08, 0x80], 'truncated'],
  ['a length past the end', [0x0a, 5, 1], 'truncated'],
  ['a length of 2^62', [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 1], 'truncated'],
  ['eight bytes of which one is there', [0x09, 1], 'truncated'],
  ['a group without an end', [0x0b, 0x08, 1], 'truncated'],
  ['a number of eleven bytes', [0x08, ...Array.from({ length: 10 }, () => 0x80), 1], 'more than 10 bytes'],
  ['field 0', [0x00, 0x00], '0 is not a tag'],
  ['a tag above 32 bits', [0x88, 0x80, 0x80, 0x80, 0x10, 0], 'is not a tag'],
  ['an end of a group that never began', [0x0c], 'wire type 4'],
  ['a group that ends as another one', [0x0b, 0x14], 'wire type 4'],
  ['a wire type that does not exist', [0x0f], 'wire type 7'],
  ['groups without end in groups', Array.from({ length: 10_000 }, () => 0x0b), 'wire type 3'],
])('%s is a WireError', (_, bytes, words) => {
  const cursor = new FieldCursor(Uint8Array.from(bytes));
  expect(() => cursor.skip(cursor.tag())).toThrow(WireError);
  const again = new FieldCursor(Uint8Array.from(bytes));
  expect(() => again.skip(again.tag())).toThrow(words);
});
