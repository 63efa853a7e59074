import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { engineFacts } from '@odograph/engines/engine-kind';
import { DEFAULT_PARTITIONS, DEFAULT_STREAM_MAX_BYTES } from '@odograph/kernel/defaults';
import { Fault } from '@odograph/kernel/fault';
import { readChoices } from './choices.ts';

const MEBIBYTE = 1024 ** 2;
/** JetStream takes at most 75 % of the disk that is free when it starts, and the log needs room too. */
const SHARE_OF_FREE_DISK = 0.4;
const MIN_STREAM_BYTES = 64 * MEBIBYTE;
/** MongoDB writes its journal ahead: it does not start without this. */
const JOURNAL_BYTES = 300 * MEBIBYTE;

export const STREAM_SIZE = 'ODO_HISTORY_STREAM_MAX_BYTES';

interface StreamSizeOptions {
  readonly dataDir: string;
  readonly partitions?: number | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The size of the stream of each partition that `up` chose for a data directory, or would choose for a new NATS.
 * @returns undefined if the environment says it, NATS runs elsewhere or has its streams.
 * @throws Fault as {@link streamBytesOn}.
 */
export function streamSizeOf(
  { dataDir, partitions, env }: StreamSizeOptions,
  freeBytes: number,
): number | undefined {
  const { streamMaxBytes } = readChoices(dataDir);
  if (streamMaxBytes !== undefined) return streamMaxBytes;
  if (env[STREAM_SIZE] || env[engineFacts.nats.urlVariable] || existsSync(join(dataDir, 'nats/jetstream')))
    return undefined;
  const wanted = partitions ?? Number(env['ODO_PARTITIONS']);
  return streamBytesOn(freeBytes, wanted >= 1 ? wanted : DEFAULT_PARTITIONS);
}

/**
 * The size of the stream of each partition on the disk of a new platform, in whole mebibytes.
 * @throws Fault RULE_VIOLATED with what is free and what is needed, when there is too little disk for small streams.
 */
export function streamBytesOn(freeBytes: number, partitions: number): number {
  const leftBytes = freeBytes - JOURNAL_BYTES;
  const share = Math.floor((leftBytes * SHARE_OF_FREE_DISK) / partitions / MEBIBYTE) * MEBIBYTE;
  if (share >= MIN_STREAM_BYTES) return Math.min(share, DEFAULT_STREAM_MAX_BYTES);
  const inMebibytes = (bytes: number) => `${Math.floor(bytes / MEBIBYTE)} MiB`;
  const needed = JOURNAL_BYTES + Math.ceil((MIN_STREAM_BYTES * partitions) / SHARE_OF_FREE_DISK);
  throw new Fault(
    'RULE_VIOLATED',
    `${inMebibytes(freeBytes)} of the disk are free, but MongoDB and streams of ${partitions} partitions need ${inMebibytes(needed)}: ` +
      'free some, or set ODO_HISTORY_STREAM_MAX_BYTES',
  );
}
