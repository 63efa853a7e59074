import type { PartitionInfo } from '@odograph/client/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/client/generated/odograph/telemetry/v1/event';
import { describe, expect, it } from 'vitest';
import { startHistory } from '../history.fixture.ts';
import { checkExposure, checkPartition, checkPlatform } from './platform.ts';

const at = (sequence: number) => ({ partition: 1, sequence, index: undefined });
const PARTITION: PartitionInfo = {
  ...{ watermark: at(200_000), checkpoint: at(199_990) },
  ...{ state: PartitionState.RUNNING, reason: '', owner: 'history-1' },
  ...{ lastError: '', lastErrorAtMs: 0, failingSinceMs: 0 },
};

describe('the doctor, on the platform,', () => {
  it('shows how far a partition is, and warns if its views fall behind', () => {
    expect(checkPartition(PARTITION)).toMatchObject({ check: 'partition 1', status: 'ok' });
    expect(checkPartition({ ...PARTITION, checkpoint: at(5) })).toMatchObject({ status: 'warn' });
  });

  it('fails on a partition that is halted or has no writer, and says why', () => {
    const halted = { ...PARTITION, state: PartitionState.HALTED, reason: 'the stream was cut' };
    expect(checkPartition(halted)).toMatchObject({
      status: 'fail',
      message: 'is halted: the stream was cut',
    });
    expect(checkPartition({ ...PARTITION, owner: '' })).toMatchObject({ status: 'fail' });
    const unheard = { ...PARTITION, state: PartitionState.UNSPECIFIED };
    expect(checkPartition(unheard)).toMatchObject({
      status: 'fail',
      message: 'no broadcast from its owner history-1',
    });
  });

  it('repeats what the platform lets in from other machines', () => {
    const endpoints = {
      history: '0.0.0.0:4102',
      nats: 'nats://me:***@nats.example',
      mongo: 'mongodb://db.example',
    };
    const metrics = { history: '127.0.0.1:4112' };
    expect(Array.from(checkExposure({ endpoints, metrics }, {}))).toMatchObject([
      { check: 'exposure', status: 'warn', message: expect.stringContaining('ODO_GRPC_HOST is 0.0.0.0') },
      { check: 'exposure', status: 'warn', message: expect.stringContaining('mongodb://db.example') },
    ]);
  });

  it('asks each service that runs, and fails on one that is gone', async () => {
    const history = await startHistory();
    const endpoints = { ingest: '127.0.0.1:1', history: history.endpoint };
    const checks = await Array.fromAsync(checkPlatform({ pid: 1, endpoints, metrics: {} }));
    await history.stop();
    expect(checks.map(({ check, status }) => [check, status])).toEqual([
      ['platform', 'ok'],
      ['ingest', 'fail'],
      ['history', 'ok'],
      ['partition 0', 'ok'],
    ]);
  });

  it('only warns if no platform runs', async () => {
    expect(await Array.fromAsync(checkPlatform(undefined))).toMatchObject([
      { check: 'platform', status: 'warn' },
    ]);
  });
});
