import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Fault } from '@odograph/kernel/fault';
import type { Source } from '../source.ts';
import { readCapmetro, type SpeedUnit } from './capmetro.ts';
import { type Line, readLines } from './lines.ts';
import { readNdjson } from './ndjson.ts';
import { readTwizy } from './twizy.ts';

/** What the file itself does not contain. */
export interface SourceOptions {
  /** Of capmetro speeds. Default: `ms`. */
  readonly speedUnit?: SpeedUnit;
  /** Of twizy drives. Default: `twizy`. */
  readonly vehicleId?: string;
  /** Of twizy times, an IANA name. Default: `Africa/Casablanca`. */
  readonly timeZone?: string;
}

const READERS = {
  capmetro: (lines, options) => readCapmetro(lines, options.speedUnit),
  twizy: (lines, options) => readTwizy(lines, options),
  ndjson: (lines) => readNdjson(lines),
} as const satisfies Record<string, (lines: AsyncIterable<Line>, options: SourceOptions) => Source>;

export type SourceFormat = keyof typeof READERS;

export const SOURCE_FORMATS = Object.keys(READERS) as readonly SourceFormat[];

/** An open text file. */
interface OpenFile {
  readonly lines: AsyncIterable<Line>;
  /** Undefined if the size is unknown, as for standard input. */
  readonly sizeBytes: number | undefined;
  /** The number of bytes read so far. */
  readBytes(): number;
  /** Stops reading, even if the input continues. */
  close(): void;
}

/** An open recording. */
export interface OpenSource extends Omit<OpenFile, 'lines'> {
  readonly rows: Source;
}

/** Opens a recording, see {@link openFile}. */
export async function openSource(
  path: string,
  format: SourceFormat,
  options: SourceOptions = {},
): Promise<OpenSource> {
  const { lines, ...file } = await openFile(path);
  return { ...file, rows: READERS[format](lines, options) };
}

/**
 * Opens a text file, or standard input if the path is `-`.
 * @throws Fault INVALID_INPUT if the file cannot be read.
 */
export async function openFile(path: string): Promise<OpenFile> {
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
    lines: readLines(counted()),
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
  throw new Fault('INVALID_INPUT', `${path} is not a regular file`);
}
