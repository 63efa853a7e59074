import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Fault } from '@odograph/kernel/fault';
import type { Source } from '../source.ts';
import { readCapmetro, type SpeedUnit } from './capmetro.ts';
import { type Line, readLines } from './lines.ts';
import { readNdjson } from './ndjson.ts';
import { readTwizy } from './twizy.ts';

/** What a file says not of itself. */
export interface SourceOptions {
  /** Of capmetro speeds; `ms` unless given. */
  readonly speedUnit?: SpeedUnit;
  /** Of twizy drives; `twizy` unless given. */
  readonly vehicleId?: string;
  /** Of twizy times, by its IANA name; `Africa/Casablanca` unless given. */
  readonly timeZone?: string;
}

const READERS = {
  capmetro: (lines, options) => readCapmetro(lines, options.speedUnit),
  twizy: (lines, options) => readTwizy(lines, options),
  ndjson: (lines) => readNdjson(lines),
} as const satisfies Record<string, (lines: AsyncIterable<Line>, options: SourceOptions) => Source>;

export type SourceFormat = keyof typeof READERS;

export const SOURCE_FORMATS = Object.keys(READERS) as readonly SourceFormat[];

/** A file being read. */
export interface OpenSource {
  readonly rows: Source;
  /** Undefined where the size is not known, as of standard input. */
  readonly sizeBytes: number | undefined;
  /** How much of it has been read. */
  readBytes(): number;
  /** Reads no further, also where more could still come. */
  close(): void;
}

/** Opens a file, or standard input where the path is `-`. Fails with INVALID_INPUT where there is no such file. */
export async function openSource(
  path: string,
  format: SourceFormat,
  options: SourceOptions = {},
): Promise<OpenSource> {
  const sizeBytes = path === '-' ? undefined : await sizeOf(path);
  const stream = path === '-' ? process.stdin : createReadStream(path);
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  return {
    rows: READERS[format](readLines(counted()), options),
    sizeBytes,
    readBytes: () => bytes,
    close: () => void stream.destroy(),
  };
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault('INVALID_INPUT', `the file ${path} cannot be read (${cause.code ?? cause.message})`, {
      cause,
    });
  });
  if (found.isFile()) return found.size;
  throw new Fault('INVALID_INPUT', `${path} is no file`);
}
