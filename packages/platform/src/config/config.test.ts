import { Fault } from '@odograph/kernel/fault';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { describeConfig, listSettings, readConfig } from './config.ts';
import { bytes, ms, natsSettings, percent, serviceSettings, text, whole } from './setting.ts';

const meaning = 'what it does';
const SETTINGS = {
  ...serviceSettings,
  nats: natsSettings,
  batch: {
    maxAgeMs: ms('ODO_INGEST_BATCH_MAX_AGE_MS', 5, { min: 1, max: 1_000, meaning }),
    maxBytes: bytes('ODO_INGEST_BATCH_MAX_BYTES', 512 * 1024, { meaning }),
  },
  name: text('ODO_INGEST_NAME', 'none', { meaning }),
  maxCalls: whole('ODO_INGEST_MAX_CALLS', 100, { min: 1, meaning, formerName: 'ODO_INGEST_MAX_STREAMS' }),
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
      grpc: {
        ...{ host: '127.0.0.1', port: 7001 },
        limits: {
          ...{ maxConnections: 1_000, maxCalls: 64, maxWaitingCalls: 1_000 },
          maxUnfinishedBytes: 96 * 1024 ** 2,
          maxAnswerBytes: 96 * 1024 ** 2,
        },
      },
      metrics: { host: '127.0.0.1', port: 0 },
      log: { level: 'info' },
      standstillMs: 10_000,
      drainMs: 10_000,
      nats: {
        url: 'nats://127.0.0.1:4222',
        ...{ credentialsFile: '', caFile: '', certFile: '', keyFile: '' },
      },
      batch: { maxAgeMs: 5, maxBytes: 524_288 },
      name: 'none',
      maxCalls: 100,
    });
    expectTypeOf(config.batch.maxAgeMs).toEqualTypeOf<number>();
    expectTypeOf(config.log.level).toEqualTypeOf<'debug' | 'info' | 'warn' | 'error' | 'silent'>();
  });

  test('cannot be changed, at any depth', () => {
    const config = readConfig(SETTINGS, NATS);
    expect(() => Object.assign(config.batch, { maxAgeMs: 6 })).toThrow(TypeError);
    expect(() => Object.assign(config, { name: '' })).toThrow(TypeError);
  });

  test('reports everything that is wrong at once', () => {
    const env = {
      ODO_GRPC_PORT: '70000',
      ODO_GRPC_HOST: 'a b',
      ODO_LOG_LEVEL: 'loud',
      ODO_INGEST_BATCH_MAX_AGE_MS: '5ms',
      ODO_INGEST_BATCH_MAX_BYTES: '1e6',
      ODO_INGEST_BATCH_AGE_MS: '1',
      ODO_INGEST_MAX_CALLS: '0',
    };
    const fault = faultOf(env);
    expect(fault.code).toBe('INVALID_INPUT');
    expect(fault.message.split('\n')).toEqual([
      'the environment has wrong settings:',
      '  ODO_INGEST_BATCH_AGE_MS is not a setting: did you mean ODO_INGEST_BATCH_MAX_AGE_MS?',
      '  ODO_GRPC_HOST must be a host name or an IP address, not "a b"',
      '  ODO_GRPC_PORT must be a whole number from 0 to 65535, not "70000"',
      '  ODO_LOG_LEVEL must be one of debug, info, warn, error, silent, not "loud"',
      '  ODO_NATS_URL is not set: it must be a URL that starts with nats:// or tls:// and names one host, with @ : / % in a password as %40 %3A %2F %25',
      '  ODO_INGEST_BATCH_MAX_AGE_MS must be a whole number from 1 to 1000, not "5ms"',
      '  ODO_INGEST_BATCH_MAX_BYTES must be a whole number from 1 to 1099511627776, not "1e6"',
      '  ODO_INGEST_MAX_CALLS must be a whole number, at least 1, not "0"',
    ]);
    expect(fault.findings.map(({ reason }) => reason)).toContain('UNKNOWN');
  });

  test.each(['', '-1', '0x10', ' 5', '5 ', '1.5', 'NaN', '١', '9'.repeat(17)])(
    'does not take %j for a number of milliseconds',
    (value) => {
      const read = () => readConfig({ waitMs: ms('ODO_WAIT_MS', 5, { meaning }) }, { ODO_WAIT_MS: value });
      if (value === '') expect(read().waitMs).toBe(5);
      else expect(read).toThrow('ODO_WAIT_MS must be a whole number from 0 to 86400000');
    },
  );

  test('ignores names that do not have its own prefix', () => {
    const others = { ODO_HISTORY_FLUSH_MS: '1', ODO_MONGO_URL: 'mongodb://x', ODO_DATA_DIR: '/tmp' };
    expect(readConfig(SETTINGS, { ...NATS, ...others }, 'ODO_INGEST_')).toBeDefined();
  });

  test.each([
    ['ODO_INGEST_PATIENCE', 'is not a setting: remove it'],
    ['ODO_INGEST_PATIENCE_MS', 'is not a setting: remove it'],
    ['ODO_INGEST_MAX_CALL', 'is not a setting: did you mean ODO_INGEST_MAX_CALLS?'],
    ['ODO_INGEST_MAX_CALSL', 'is not a setting: did you mean ODO_INGEST_MAX_CALLS?'],
    ['ODO_INGEST_BATCH_SIZE_BYTES', 'is not a setting: did you mean ODO_INGEST_BATCH_MAX_BYTES?'],
    ['ODO_INGEST_MAX_STREAMS', 'is now called ODO_INGEST_MAX_CALLS: set that instead'],
  ])('refuses %s and says what to do', (name, message) => {
    expect(faultOf({ ...NATS, [name]: '1' }).message).toContain(`  ${name} ${message}`);
  });

  test('is described by name, without passwords', () => {
    const env = { ODO_NATS_URL: 'nats://me:hunter2@127.0.0.1:4222' };
    const described = describeConfig(SETTINGS, readConfig(SETTINGS, env));
    expect(described).toMatchObject({ ODO_GRPC_PORT: '0', ODO_NATS_URL: 'nats://me:***@127.0.0.1:4222' });
    expect(JSON.stringify(described)).not.toContain('hunter2');
  });

  test('does not print the password of a wrong URL', () => {
    const env = { ODO_NATS_URL: 'http://me:hunter2@127.0.0.1' };
    expect(() => readConfig(SETTINGS, env)).toThrow(/^((?!hunter2)[\s\S])*$/);
  });
});

test('settings are listed in the order of their declaration, with their units', () => {
  const settings = {
    fullPct: percent('ODO_FULL_PCT', 90, { meaning }),
    inner: { waitMs: ms('ODO_WAIT_MS', 1, { meaning }), bytes: bytes('ODO_MAX_BYTES', 1, { meaning }) },
    count: whole('ODO_COUNT', 1, { meaning }),
  };
  expect(listSettings(settings).map(({ name, unit }) => [name, unit])).toEqual([
    ['ODO_FULL_PCT', '%'],
    ['ODO_WAIT_MS', 'ms'],
    ['ODO_MAX_BYTES', 'bytes'],
    ['ODO_COUNT', ''],
  ]);
});
