import { Fault } from '@odograph/kernel/fault';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { describeConfig, readConfig } from './config.ts';
import { bytes, ms, natsSettings, serviceSettings, text } from './setting.ts';

const SETTINGS = {
  ...serviceSettings,
  nats: natsSettings,
  batch: {
    maxAgeMs: ms('ODO_INGEST_BATCH_MAX_AGE_MS', 5, { min: 1, max: 1_000 }),
    maxBytes: bytes('ODO_INGEST_BATCH_MAX_BYTES', 512 * 1024),
  },
  name: text('ODO_INGEST_NAME', 'none'),
};
const NATS = { ODO_NATS_URL: 'nats://127.0.0.1:4222' };

function faultOf(env: Readonly<Record<string, string>>): Fault {
  try {
    readConfig(SETTINGS, env, 'ODO_INGEST_');
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  return expect.unreachable();
}

describe('a config', () => {
  test('has the values of the environment, and defaults for the others', () => {
    const config = readConfig(SETTINGS, {
      ...NATS,
      ODO_GRPC_PORT: '7001',
      ODO_INGEST_BATCH_MAX_AGE_MS: '',
      PATH: '/',
    });
    expect(config).toEqual({
      grpc: { host: '127.0.0.1', port: 7001 },
      metrics: { host: '127.0.0.1', port: 0 },
      log: { level: 'info' },
      drainMs: 10_000,
      nats: { url: 'nats://127.0.0.1:4222' },
      batch: { maxAgeMs: 5, maxBytes: 524_288 },
      name: 'none',
    });
    expectTypeOf(config.batch.maxAgeMs).toEqualTypeOf<number>();
    expectTypeOf(config.log.level).toEqualTypeOf<'debug' | 'info' | 'warn' | 'error' | 'silent'>();
  });

  test('cannot be changed, at any depth', () => {
    const config = readConfig(SETTINGS, NATS);
    expect(() => Object.assign(config.batch, { maxAgeMs: 6 })).toThrow(TypeError);
    expect(() => Object.assign(config, { name: '' })).toThrow(TypeError);
  });

  test('tells of everything that is wrong at once', () => {
    const env = {
      ODO_GRPC_PORT: '70000',
      ODO_GRPC_HOST: 'a b',
      ODO_LOG_LEVEL: 'loud',
      ODO_INGEST_BATCH_MAX_AGE_MS: '5ms',
      ODO_INGEST_BATCH_MAX_BYTES: '1e6',
      ODO_INGEST_BATCH_AGE_MS: '1',
    };
    const fault = faultOf(env);
    expect(fault.code).toBe('INVALID_INPUT');
    expect(fault.message.split('\n')).toEqual([
      'the environment is wrong:',
      '  ODO_INGEST_BATCH_AGE_MS is read by nobody: did you mean ODO_INGEST_BATCH_MAX_AGE_MS?',
      '  ODO_GRPC_HOST must be a host name or an IP address, not "a b"',
      '  ODO_GRPC_PORT must be a whole number from 0 to 65535, not "70000"',
      '  ODO_LOG_LEVEL must be one of debug, info, warn, error, silent, not "loud"',
      '  ODO_NATS_URL is not set',
      '  ODO_INGEST_BATCH_MAX_AGE_MS must be a whole number from 1 to 1000, not "5ms"',
      '  ODO_INGEST_BATCH_MAX_BYTES must be a whole number from 1 to 1099511627776, not "1e6"',
    ]);
    expect(fault.violations.map(({ reason }) => reason)).toContain('UNKNOWN');
  });

  test.each(['', '-1', '0x10', ' 5', '5 ', '1.5', 'NaN', '١', '9'.repeat(17)])(
    '%j is no number of milliseconds',
    (value) => {
      const read = () => readConfig({ waitMs: ms('ODO_WAIT_MS', 5) }, { ODO_WAIT_MS: value });
      if (value === '') expect(read().waitMs).toBe(5);
      else expect(read).toThrow('ODO_WAIT_MS');
    },
  );

  test('leaves names that are not its own to others', () => {
    const others = { ODO_HISTORY_FLUSH_MS: '1', ODO_MONGO_URL: 'mongodb://x', ODO_DATA_DIR: '/tmp' };
    expect(readConfig(SETTINGS, { ...NATS, ...others }, 'ODO_INGEST_')).toBeDefined();
    expect(faultOf({ ...NATS, ODO_INGEST_PATIENCE: '1' }).message).toContain(
      'ODO_INGEST_PATIENCE is read by nobody',
    );
  });

  test('is described by name, without passwords', () => {
    const env = { ODO_NATS_URL: 'nats://me:hunter2@127.0.0.1:4222' };
    const described = describeConfig(SETTINGS, readConfig(SETTINGS, env));
    expect(described).toMatchObject({ ODO_GRPC_PORT: '0', ODO_NATS_URL: 'nats://me:***@127.0.0.1:4222' });
    expect(JSON.stringify(described)).not.toContain('hunter2');
  });

  test('does not tell a password when it is wrong', () => {
    const env = { ODO_NATS_URL: 'http://me:hunter2@127.0.0.1' };
    expect(() => readConfig(SETTINGS, env)).toThrow(/^((?!hunter2)[\s\S])*$/);
  });
});
