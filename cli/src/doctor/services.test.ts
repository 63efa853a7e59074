import type { PartitionInfo } from '@odograph/client/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/client/generated/odograph/telemetry/v1/event';
import { DescribeResponse } from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { describe, expect, it } from 'vitest';
import { inWords } from '../terminal/durations.ts';
import { checkClock } from './engines.ts';
import { checkIntake, checkPartition } from './services.ts';

const NOW_MS = 1_000_000_000;
const at = (sequence: number) => ({ partition: 1, sequence, index: undefined });
const PARTITION: PartitionInfo = {
  ...{ watermark: at(200_000), checkpoint: at(199_990), views: at(200_000) },
  ...{ state: PartitionState.RUNNING, reason: '', owner: 'history-1' },
  ...{ lastError: '', lastErrorAtMs: 0, failingSinceMs: 0 },
};
const check = (over: Partial<PartitionInfo> = {}) => checkPartition({ ...PARTITION, ...over }, NOW_MS);

describe('the doctor, on a partition of the log,', () => {
  it('shows how far it is, and warns if its views fall behind', () => {
    expect(check()).toMatchObject({ check: 'partition 1', status: 'ok' });
    expect(check({ checkpoint: at(5) })).toMatchObject({
      status: 'warn',
      message: 'at envelope 200000, 199995 of them not in the stored views yet',
    });
  });

  it('counts no jump of the sequences as envelopes, and says where it comes from', () => {
    const jumped = { watermark: at(1_000_509), checkpoint: at(448), views: at(1_000_509) };
    expect(check(jumped)).toMatchObject({
      status: 'warn',
      message: 'at envelope 1000509, and its stored views at 448',
      remedy: expect.stringContaining('log read --type LogGapFound'),
    });
  });

  it('fails if it is halted or has no writer, and says why', () => {
    expect(check({ state: PartitionState.HALTED, reason: 'the stream was cut' })).toMatchObject({
      status: 'fail',
      message: 'is halted: the stream was cut',
    });
    expect(check({ owner: '' })).toMatchObject({ status: 'fail', message: 'has no writer' });
    expect(check({ state: PartitionState.UNSPECIFIED })).toMatchObject({
      status: 'fail',
      message: 'no broadcast from its owner history-1',
    });
  });

  it('fails if the views have what the log does not have', () => {
    expect(check({ views: at(200_001) })).toMatchObject({
      status: 'fail',
      message: 'its views are at envelope 200001, above the end of the log at 200000',
      remedy: expect.stringContaining('docs/operations.md'),
    });
  });

  it('says what fails and since when, and for a minute what is over', () => {
    const lastError = 'MongoDB did not insert an envelope: disk full';
    const failing = { lastError, lastErrorAtMs: NOW_MS - 1_000, failingSinceMs: NOW_MS - 240_000 };
    expect(check(failing)).toMatchObject({
      status: 'fail',
      message: `history cannot append for 4 min: ${lastError}`,
    });
    expect(check({ lastError, lastErrorAtMs: NOW_MS - 30_000 })).toMatchObject({
      status: 'warn',
      message: expect.stringContaining(`30 s ago: ${lastError}`),
    });
    expect(check({ lastError, lastErrorAtMs: NOW_MS - 90_000 }).status).toBe('ok');
  });
});

describe('the doctor, on ingest,', () => {
  const intake = (over: Partial<DescribeResponse>) => [
    ...checkIntake('127.0.0.1:4101', DescribeResponse.fromPartial({ nowMs: NOW_MS, ...over })),
  ];
  const refusal = (reason: string, limit = '') => ({ reason, sinceMs: NOW_MS - 40_000, limit });

  it('says once why everything is refused, and since when', () => {
    const silent = refusal('JetStream does not answer');
    const partitions = [0, 1].map((partition) => ({
      ...{ partition, refusal: silent, filledRatio: 0.1, freeDiskRatio: 0.5 },
    }));
    expect(intake({ partitions, refusal: silent })).toMatchObject([
      {
        status: 'fail',
        message: 'at 127.0.0.1:4101 refuses every report for 40 s: JetStream does not answer',
        // The reason may ask for a restart of NATS.
        remedy: expect.stringContaining('to restart one, kill its process, and odograph up starts it again'),
      },
    ]);
  });

  it('names the partition that refuses, with the way out of a full stream, and warns of one that fills', () => {
    const full = refusal('the stream of partition 0 is 91.0 % full', 'stream_bytes');
    const partitions = [
      { partition: 0, refusal: full, filledRatio: 0.91, freeDiskRatio: 0.5 },
      { partition: 1, refusal: undefined, filledRatio: 0.7, freeDiskRatio: 0.5 },
    ];
    expect(intake({ partitions, reportsTaken: 7 })).toMatchObject([
      { check: 'ingest', status: 'ok', message: 'serves at 127.0.0.1:4101, 7 reports taken since its start' },
      {
        ...{ check: 'ingest, partition 0', status: 'fail' },
        message: 'refuses reports for 40 s: the stream of partition 0 is 91.0 % full',
        remedy: expect.stringMatching(
          /within seconds after history and MongoDB have caught up.*"A full stream/,
        ),
      },
      { check: 'ingest, partition 1', status: 'warn', message: 'its stream is 70 % full: the log lags' },
    ]);
  });

  it('names the way out of a disk of MongoDB that is full', () => {
    const full = refusal("the log's disk has 6.0 % free", 'free_disk');
    expect(intake({ refusal: full })).toMatchObject([
      {
        status: 'fail',
        message: "at 127.0.0.1:4101 refuses every report for 40 s: the log's disk has 6.0 % free",
        remedy: 'free some space on the disk of MongoDB: ingest notices within seconds',
      },
    ]);
  });
});

describe('the doctor, on clocks,', () => {
  const read = (theirsMs: number) => [
    ...checkClock('MongoDB', { theirsMs, askedAtMs: NOW_MS, answeredAtMs: NOW_MS + 500 }),
  ];

  it('warns if they are apart by more than the question took and two seconds', () => {
    for (const apartMs of [-2_000, 0, 500, 2_500]) expect(read(NOW_MS + apartMs)).toEqual([]);
    expect(read(NOW_MS + 3_600_500 * 2)).toMatchObject([
      { status: 'warn', message: 'the clock of MongoDB is 2 h ahead of that of this machine' },
    ]);
    expect(read(NOW_MS - 90_000)).toMatchObject([
      { message: 'the clock of MongoDB is 90 s behind that of this machine' },
    ]);
  });

  it('says durations in their largest unit', () => {
    expect([400, 119_000, 120_000, 7_199_000, 7_200_000, 172_800_000].map(inWords)).toEqual([
      ...['0 s', '119 s', '2 min', '119 min', '2 h', '2 days'],
    ]);
  });
});
