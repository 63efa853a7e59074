import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Random } from '@odograph/kernel/random';
import { hostileDouble, hostileInteger, hostileText, isText, plainNumber, plainText } from './values.ts';

export interface Drawing {
  readonly random: Random;
  /** The probability that a value is a hostile one. */
  readonly hostility: number;
}

const LEFT_OUT = 0.25;
/** Messages may contain themselves. */
const MAX_DEPTH = 6;

/** A message of a type, as bytes: what a field may hold by its type, likely or hostile. */
export function drawMessage(type: DescMessage, drawing: Drawing, depth = 0): Uint8Array {
  const { random } = drawing;
  const fields = type.fields.filter(() => depth < MAX_DEPTH && !random.chance(LEFT_OUT));
  return Buffer.concat(fields.flatMap((field) => drawField(field, drawing, depth)));
}

export const repeatedFields = (type: DescMessage): readonly DescField[] => type.fields.filter(isRepeated);

/** Many elements of one repeated field, up to a size in bytes. */
export function drawRepeated(field: DescField, drawing: Drawing, bytes: number): Uint8Array {
  const one = drawElement(field, drawing, 0);
  const many = Buffer.alloc(Math.floor(bytes / one.length) * one.length, one);
  // With another element at the end: then code that looks for one value does not end at the first.
  return Buffer.concat([many, drawElement(field, drawing, 0)]);
}

const isRepeated = ({ fieldKind }: DescField) => fieldKind === 'list' || fieldKind === 'map';

function drawField(field: DescField, drawing: Drawing, depth: number): readonly Uint8Array[] {
  const times = isRepeated(field) ? drawing.random.pick([1, 1, 2, 5]) : 1;
  return Array.from({ length: times }, () => drawElement(field, drawing, depth));
}

/** One element of a field with its tag. */
function drawElement(field: DescField, drawing: Drawing, depth: number): Uint8Array {
  if (field.fieldKind !== 'map') return element(field, field.number, drawing, depth);
  const key = scalar(field, ScalarType.STRING, 1, drawing);
  return delimited(field.number, Buffer.concat([key, element(field, 2, drawing, depth)]));
}

function element(field: DescField, number: number, drawing: Drawing, depth: number): Uint8Array {
  if (field.message) return delimited(number, drawMessage(field.message, drawing, depth + 1));
  return scalar(field, field.scalar ?? ScalarType.INT32, number, drawing);
}

function scalar(
  field: DescField,
  type: ScalarType,
  number: number,
  { random, hostility }: Drawing,
): Uint8Array {
  const isHostile = random.chance(hostility);
  if (isText(type)) {
    return delimited(number, isHostile ? hostileText(random) : Buffer.from(plainText(field, random)));
  }
  const writer = new BinaryWriter();
  if (type === ScalarType.DOUBLE) {
    const value = isHostile ? hostileDouble(random) : plainNumber(field, random);
    return writer.tag(number, WireType.Bit64).double(value).finish();
  }
  const value = isHostile ? hostileInteger(random) : BigInt(plainNumber(field, random));
  return writer.tag(number, WireType.Varint).uint64(BigInt.asUintN(64, value)).finish();
}

function delimited(number: number, bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
}
