import { type ByteReader, corrupt } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { distinct } from './distinct.ts';
import { readIntegers, writeIntegers } from './integers.ts';
import { createIsoTime, ISO_TIME_LENGTH } from './iso-time.ts';

/** The constant part of similar ids: the text around the time or the number in each of them. */
interface Template {
  readonly head: string;
  readonly tail: string;
  /** What is between head and tail: {@link NOTHING}, {@link TIME}, or {@link NUMBER} plus the digits it is padded to. */
  readonly middle: number;
}

/** An id, split into its template and its number. */
interface SplitId {
  readonly template: Template;
  /** The number in the id; 0 without one. */
  readonly number: number;
}

const NOTHING = 0;
/** The sample's own time in ISO 8601. */
const TIME = 1;
const NUMBER = 2;

/** Every number with this many digits fits into a column of integers. */
const MAX_DIGITS = 15;

/** Numbers are written as they are, or as the difference to the sample's time. */
const [PLAIN, ABOVE_TIME] = [0, 1];

/**
 * Writes the column of report ids. It assumes a convention of our own sources: an id contains the ISO time of its sample,
 * or a number that counts up. Such ids share a template and take hardly any bytes; any other id, such as
 * a UUID, gets its own template, which stores it verbatim.
 */
export function writeReportIds(writer: ByteWriter, ids: readonly string[], times: readonly number[]): void {
  const split = splitAll(ids, times);
  const { items, indices } = distinct(
    split.map(({ template }) => template),
    ({ head, tail, middle }) => `${middle} ${head.length} ${head}${tail}`,
  );
  writer.varint(items.length);
  for (const template of items) writeTemplate(writer, template);
  writeIntegers(writer, indices);
  writeNumbers(writer, split, times);
}

/** Reads one id for each time, in the form that {@link writeReportIds} wrote. */
export function readReportIds(reader: ByteReader, times: readonly number[]): string[] {
  const templates = Array.from({ length: reader.count(3) }, () => readTemplate(reader));
  const indices = readIntegers(reader, times.length);
  const numbers = readNumbers(reader, times);
  const isoTime = createIsoTime();
  return times.map((time, row) => {
    const template = templates[indices[row] as number];
    if (template === undefined) throw corrupt(`it has no template ${indices[row]} of report ids`);
    const { head, tail, middle } = template;
    if (middle === NOTHING) return head;
    return (
      head + (middle === TIME ? isoTime(time) : digitsOf(numbers[row] as number, middle - NUMBER)) + tail
    );
  });
}

function splitAll(ids: readonly string[], times: readonly number[]): readonly SplitId[] {
  const isoTime = createIsoTime();
  let before: Template | undefined;
  return ids.map((id, row) => {
    const timeAt = id.includes('Z') ? id.indexOf(isoTime(times[row] as number)) : -1;
    const split = timeAt < 0 ? splitAtNumber(id) : splitAtTime(id, timeAt);
    const template = before !== undefined && isSame(before, split.template) ? before : split.template;
    before = template;
    return { template, number: split.number };
  });
}

function splitAtTime(id: string, at: number): SplitId {
  return {
    template: { head: id.slice(0, at), tail: id.slice(at + ISO_TIME_LENGTH), middle: TIME },
    number: 0,
  };
}

/** Splits at the last run of digits, at most its last {@link MAX_DIGITS}. */
function splitAtNumber(id: string): SplitId {
  let end = id.length;
  while (end > 0 && !isDigit(id, end - 1)) end -= 1;
  if (end === 0) return { template: { head: id, tail: '', middle: NOTHING }, number: 0 };
  let start = end - 1;
  while (start > 0 && end - start < MAX_DIGITS && isDigit(id, start - 1)) start -= 1;
  const digits = end - start;
  const paddedTo = id.charAt(start) === '0' && digits > 1 ? digits : 0;
  return {
    template: { head: id.slice(0, start), tail: id.slice(end), middle: NUMBER + paddedTo },
    number: Number(id.slice(start, end)),
  };
}

function isDigit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 48 && unit <= 57;
}

function isSame(a: Template, b: Template): boolean {
  return a.middle === b.middle && a.head === b.head && a.tail === b.tail;
}

function digitsOf(number: number, paddedTo: number): string {
  if (!Number.isSafeInteger(number) || number < 0)
    throw corrupt(`a report id has the invalid number ${number}`);
  return String(number).padStart(paddedTo, '0');
}

function writeTemplate(writer: ByteWriter, { head, tail, middle }: Template): void {
  writer.byte(middle);
  writer.text(head);
  writer.text(tail);
}

function readTemplate(reader: ByteReader): Template {
  const middle = reader.byte();
  if (middle > NUMBER + MAX_DIGITS) throw corrupt(`a template of report ids has the unknown form ${middle}`);
  return { middle, head: reader.text(), tail: reader.text() };
}

function writeNumbers(writer: ByteWriter, split: readonly SplitId[], times: readonly number[]): void {
  const numbers = split.map(({ number }) => number);
  const plain = new ByteWriter();
  plain.byte(PLAIN);
  writeIntegers(plain, numbers);
  const aboveTime = new ByteWriter();
  aboveTime.byte(ABOVE_TIME);
  writeIntegers(
    aboveTime,
    numbers.map((number, row) => number - (times[row] as number)),
  );
  writer.shorter(plain, aboveTime);
}

function readNumbers(reader: ByteReader, times: readonly number[]): number[] {
  const form = reader.byte();
  if (form !== PLAIN && form !== ABOVE_TIME)
    throw corrupt(`the numbers of report ids have the unknown form ${form}`);
  const numbers = readIntegers(reader, times.length);
  return form === PLAIN ? numbers : numbers.map((number, row) => number + (times[row] as number));
}
