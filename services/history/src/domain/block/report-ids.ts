import { type ByteReader, corrupt } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { distinct } from './distinct.ts';
import { readIntegers, writeIntegers } from './integers.ts';

/** What ids of one make have in common: the text around the time or the number that each of them has in it. */
interface Template {
  readonly head: string;
  readonly tail: string;
  /** What stands between: {@link NOTHING}, {@link TIME}, or {@link NUMBER} and the digits it is padded to. */
  readonly middle: number;
}

interface TakenApart extends Template {
  /** The number between; 0 where there is none. */
  readonly number: number;
}

const NOTHING = 0;
/** The sample's own time as `2021-04-22T07:42:50.000Z`. */
const TIME = 1;
const NUMBER = 2;

const TIME_LENGTH = 24;
/** Every number of so many digits fits a column of integers. */
const MAX_DIGITS = 15;

/** Numbers as they are, or as what they are more than their sample's time. */
const [PLAIN, ABOVE_TIME] = [0, 1];

/**
 * The column of report ids. Ids that tell their sample's time, or count up, share a template and cost next to nothing;
 * any other text is a template of its own.
 */
export function writeReportIds(writer: ByteWriter, ids: readonly string[], times: readonly number[]): void {
  const parts = ids.map((id, row) => takeApart(id, times[row] as number));
  const { firstAt, indices } = distinct(parts.map(keyOf));
  writer.varint(firstAt.length);
  for (const row of firstAt) writeTemplate(writer, parts[row] as TakenApart);
  writeIntegers(writer, indices);
  writeNumbers(writer, parts, times);
}

/** Reads so many ids as {@link writeReportIds} wrote, one for each time. */
export function readReportIds(reader: ByteReader, times: readonly number[]): string[] {
  const templates = Array.from({ length: reader.count(3) }, () => readTemplate(reader));
  const ofRow = readIntegers(reader, times.length).map((index) => {
    const template = templates[index];
    if (template === undefined) throw corrupt(`there is no template ${index}`);
    return template;
  });
  const numbers = readNumbers(reader, times);
  return ofRow.map((template, row) => putTogether(template, times[row] as number, numbers[row] as number));
}

function takeApart(id: string, time: number): TakenApart {
  const timeAt = id.includes('Z') ? id.indexOf(new Date(time).toISOString()) : -1;
  if (timeAt >= 0)
    return { head: id.slice(0, timeAt), tail: id.slice(timeAt + TIME_LENGTH), middle: TIME, number: 0 };
  let end = id.length;
  while (end > 0 && !isDigit(id, end - 1)) end -= 1;
  if (end === 0) return { head: id, tail: '', middle: NOTHING, number: 0 };
  let start = end - 1;
  while (start > 0 && end - start < MAX_DIGITS && isDigit(id, start - 1)) start -= 1;
  const paddedTo = id.charAt(start) === '0' && end - start > 1 ? end - start : 0;
  return {
    head: id.slice(0, start),
    tail: id.slice(end),
    middle: NUMBER + paddedTo,
    number: Number(id.slice(start, end)),
  };
}

function putTogether({ head, tail, middle }: Template, time: number, number: number): string {
  if (middle === NOTHING) return head;
  if (middle === TIME) return head + new Date(time).toISOString() + tail;
  if (!Number.isSafeInteger(number) || number < 0) throw corrupt(`no id has the number ${number}`);
  return head + String(number).padStart(middle - NUMBER, '0') + tail;
}

function keyOf({ head, tail, middle }: Template): string {
  return `${middle} ${head.length} ${head}${tail}`;
}

function isDigit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 48 && unit <= 57;
}

function writeTemplate(writer: ByteWriter, { head, tail, middle }: Template): void {
  writer.byte(middle);
  writer.text(head);
  writer.text(tail);
}

function readTemplate(reader: ByteReader): Template {
  const middle = reader.byte();
  if (middle > NUMBER + MAX_DIGITS) throw corrupt(`ids have no form ${middle}`);
  return { middle, head: reader.text(), tail: reader.text() };
}

function writeNumbers(writer: ByteWriter, parts: readonly TakenApart[], times: readonly number[]): void {
  const plain = new ByteWriter();
  plain.byte(PLAIN);
  writeIntegers(
    plain,
    parts.map(({ number }) => number),
  );
  const aboveTime = new ByteWriter();
  aboveTime.byte(ABOVE_TIME);
  writeIntegers(
    aboveTime,
    parts.map(({ number }, row) => number - (times[row] as number)),
  );
  writer.shorter(plain, aboveTime);
}

function readNumbers(reader: ByteReader, times: readonly number[]): number[] {
  const form = reader.byte();
  if (form !== PLAIN && form !== ABOVE_TIME) throw corrupt(`numbers of ids have no form ${form}`);
  const numbers = readIntegers(reader, times.length);
  return form === PLAIN ? numbers : numbers.map((number, row) => number + (times[row] as number));
}
