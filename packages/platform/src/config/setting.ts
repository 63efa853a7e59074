import { accessSync, constants } from 'node:fs';
import * as v from 'valibot';
import { LOG_LEVELS } from '../logger.ts';
import type { Limit } from './limit.ts';

const MEBIBYTE = 1024 ** 2;

/** One environment variable of a process. Everything about a setting is declared here, once. */
export interface Setting<T> {
  readonly kind: 'setting';
  /** For example `ODO_GRPC_PORT`. A unit is the end of the name: `_MS`, `_BYTES`, `_PCT`. */
  readonly name: string;
  readonly unit: '' | 'ms' | 'bytes' | '%';
  /** Converts the text to the value. */
  readonly schema: v.GenericSchema<string, T>;
  /** Which values the schema allows, to follow "must be". */
  readonly allowed: string;
  /** The value if the environment sets none. A setting without a default must be set. */
  readonly fallback: T | undefined;
  /** What the setting does, for docs/configuration.md. */
  readonly meaning: string;
  /** The default in words if it differs from process to process. */
  readonly fallbackInWords?: string;
  /** What the setting bounds, for docs/limits.md. */
  readonly limit?: Limit;
  /** The name that the setting had before. It is refused with a message that gives the new name. */
  readonly formerName?: string;
}

/** What a declaration says besides name and default. */
type SettingOptions = Pick<Setting<unknown>, 'meaning' | 'fallbackInWords' | 'limit' | 'formerName'>;

/** A number has bounds too, both included. */
interface NumberOptions extends SettingOptions {
  readonly min?: number;
  readonly max?: number;
}

const SETTING = { kind: 'setting', unit: '' } as const;

/** A whole number. */
export function whole(
  name: string,
  fallback: number,
  { min = 0, max = Number.MAX_SAFE_INTEGER, ...options }: NumberOptions,
): Setting<number> {
  const digits = v.pipe(v.string(), v.regex(/^-?\d{1,16}$/), v.transform(Number));
  const schema = v.pipe(digits, v.minValue(min), v.maxValue(max));
  const bounds = max === Number.MAX_SAFE_INTEGER ? `, at least ${min}` : ` from ${min} to ${max}`;
  return { ...SETTING, name, fallback, schema, allowed: `a whole number${bounds}`, ...options };
}

/** A time in milliseconds, by default at most a day. */
export function ms(name: `${string}_MS`, fallback: number, options: NumberOptions): Setting<number> {
  return { ...whole(name, fallback, { max: 86_400_000, ...options }), unit: 'ms' };
}

/** A size in bytes, by default at most 1 TiB. */
export function bytes(name: `${string}_BYTES`, fallback: number, options: NumberOptions): Setting<number> {
  return { ...whole(name, fallback, { min: 1, max: 2 ** 40, ...options }), unit: 'bytes' };
}

/** A share in percent. */
export function percent(name: `${string}_PCT`, fallback: number, options: NumberOptions): Setting<number> {
  return { ...whole(name, fallback, { max: 100, ...options }), unit: '%' };
}

interface UrlOptions extends SettingOptions {
  /** Whether it may name several hosts, `a:1,b:2`. */
  readonly hosts: 'one' | 'several';
  /** The protocols in words, if they are many. */
  readonly begins?: string;
}

/** A URL of one of these protocols, for example `nats:`. It has no default. */
function url(
  name: string,
  protocols: readonly string[],
  { hosts, begins, ...options }: UrlOptions,
): Setting<string> {
  const isAllowed = (text: string) =>
    protocols.some((protocol) => text.startsWith(`${protocol}//`)) &&
    isUrl(hosts === 'one' ? text : withFirstHost(text));
  const starts = begins ?? protocols.map((protocol) => `${protocol}//`).join(' or ');
  const one = hosts === 'one' ? ' and names one host' : '';
  const allowed = `a URL that starts with ${starts}${one}, with @ : / % in a password as %40 %3A %2F %25`;
  const schema = v.pipe(v.string(), v.check(isAllowed));
  return { ...SETTING, name, fallback: undefined, schema, allowed, ...options };
}

/** A setting that may be left out, which is the empty text. */
function optional(setting: Setting<string>): Setting<string> {
  return { ...setting, fallback: '', fallbackInWords: 'none' };
}

/** A URL of several hosts cannot be parsed: the first stands for all. */
function withFirstHost(text: string): string {
  return text.replace(/(,[^,@/?#]+)+(?=[/?#]|$)/, '');
}

/** A URL of one host, whose user and password can be decoded. */
function isUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url?.host || url.host.includes(',')) return false;
  return isDecodable(`${url.username}${url.password}`);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Hides the password of a URL, `nats://me:***@host`, and what its parameters name as a password, token or secret.
 * A user without a password is hidden too, it may be a token. A password may have any characters: all up to the last `@`.
 */
export function maskPassword(url: string): string {
  const scheme = /^[\w+.-]+:\/\//.exec(url)?.[0];
  if (scheme === undefined) return url;
  const rest = url
    .slice(scheme.length)
    .replace(/^([^:@/?#]*:)?.*@/s, '$1***@')
    .replace(/\?.*/s, (query) => query.replaceAll(SECRET_PARAMETER, '$1***'));
  return scheme + rest;
}

/** Also that of MongoDB's `authMechanismProperties=AWS_SESSION_TOKEN:…`. */
const SECRET_PARAMETER = /((?:password|token|secret)\w*[=:])[^&,#]*/gi;

/** A text that is not blank. Spaces around it are removed. */
export function text(name: string, fallback: string, options: SettingOptions): Setting<string> {
  const schema = v.pipe(v.string(), v.trim(), v.nonEmpty());
  return { ...SETTING, name, fallback, schema, allowed: 'a text that is not blank', ...options };
}

/** A file that the process can read. Not set by default, which is the empty text. */
function file(name: `${string}_FILE`, options: SettingOptions): Setting<string> {
  const schema = v.pipe(v.string(), v.check(isReadable));
  const allowed = 'the path of a file that the process can read';
  return { ...SETTING, name, fallback: '', fallbackInWords: 'none', schema, allowed, ...options };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** One of these words. */
export function oneOf<const Word extends string>(
  name: string,
  words: readonly Word[],
  fallback: Word,
  options: SettingOptions,
): Setting<Word> {
  const allowed = `one of ${words.join(', ')}`;
  return { ...SETTING, name, fallback, schema: v.picklist(words), allowed, ...options };
}

/** A text that matches a pattern. */
function matching(
  name: string,
  { pattern, allowed }: { readonly pattern: RegExp; readonly allowed: string },
  fallback: string,
  options: SettingOptions,
): Setting<string> {
  return { ...SETTING, name, fallback, schema: v.pipe(v.string(), v.regex(pattern)), allowed, ...options };
}

const HOST = { pattern: /^[\w.:-]+$/, allowed: 'a host name or an IP address' };
const PORT = { min: 0, max: 65_535 };

/** What may differ between services. */
interface GrpcDefaults {
  readonly maxUnfinishedBytes: number;
}

/** The settings of a gRPC server. */
export function grpcSettings({ maxUnfinishedBytes }: GrpcDefaults) {
  return {
    host: matching('ODO_GRPC_HOST', HOST, '127.0.0.1', {
      meaning:
        'the address on which the service listens for calls; the default is reachable from this machine only',
    }),
    port: whole('ODO_GRPC_PORT', 0, {
      ...PORT,
      meaning: 'the port for calls; with 0 the service takes a free port and names it in the line `ready`',
    }),
    limits: {
      maxConnections: whole('ODO_GRPC_MAX_CONNECTIONS', 1_000, {
        min: 1,
        limit: { of: 'client', above: 'further ones are closed at once' },
        meaning: 'connections of one client, and four times as many of all clients',
      }),
      maxCalls: whole('ODO_GRPC_MAX_CALLS', 64, {
        min: 1,
        limit: { of: 'client', above: 'further ones wait, and clients take turns' },
        meaning:
          'calls with one answer of a client at the same time, from the work on them until it has taken the answer; four times as many of all',
      }),
      maxWaitingCalls: whole('ODO_GRPC_MAX_WAITING_CALLS', 1_000, {
        min: 0,
        limit: { of: 'client', above: 'RESOURCE_EXHAUSTED with a delay' },
        meaning: 'calls of one client that wait for their turn',
      }),
      maxUnfinishedBytes: bytes('ODO_GRPC_MAX_UNFINISHED_BYTES', maxUnfinishedBytes, {
        min: MEBIBYTE,
        limit: {
          of: 'process',
          above: 'RESOURCE_EXHAUSTED, first for those that a client has left unfinished for longest',
        },
        meaning:
          'memory for open calls, 16 KiB each, and their requests, of all clients; a client may hold as much as is free, alone half',
      }),
      maxAnswerBytes: bytes('ODO_GRPC_MAX_ANSWER_BYTES', 96 * MEBIBYTE, {
        min: MEBIBYTE,
        limit: {
          of: 'process',
          above: 'the next answer waits until the client has taken one, and after 30 s: RESOURCE_EXHAUSTED',
        },
        meaning:
          'memory for what streams, health excepted, send until their clients take it; a client may hold as much as is free, alone half, or a message',
      }),
    },
  } as const;
}

/** The settings that every service has. */
export const serviceSettings = {
  grpc: grpcSettings({ maxUnfinishedBytes: 96 * MEBIBYTE }),
  metrics: {
    host: matching('ODO_METRICS_HOST', HOST, '127.0.0.1', {
      meaning: 'the address on which the service listens for scrapes of `/metrics`',
    }),
    port: whole('ODO_METRICS_PORT', 0, {
      ...PORT,
      meaning: 'the port for scrapes; with 0 the service takes a free port',
    }),
  },
  log: {
    level: oneOf('ODO_LOG_LEVEL', LOG_LEVELS, 'info', { meaning: 'the lowest level that is logged' }),
  },
  drainMs: ms('ODO_DRAIN_MS', 10_000, {
    meaning: 'how long the service may take to finish its work when it is told to stop; then it ends at once',
  }),
  standstillMs: ms('ODO_STANDSTILL_MS', 10_000, {
    meaning:
      'how long the event loop may be blocked before the service says what runs and exits with 70; with 0 nothing watches it',
  }),
} as const;

export const natsSettings = {
  url: url('ODO_NATS_URL', ['nats:', 'tls:'], {
    hosts: 'one',
    meaning:
      'the NATS server with JetStream, with `user:password@` or `token@` before the host; with `tls://` the server needs `handshake_first`',
  }),
  credentialsFile: file('ODO_NATS_CREDENTIALS_FILE', {
    meaning: 'the JWT of a NATS user and its key, as a `.creds` file; instead of a password',
  }),
  caFile: file('ODO_NATS_CA_FILE', {
    meaning:
      'the authorities, as PEM, of which the certificate of NATS must be; without it those that Node knows',
  }),
  certFile: file('ODO_NATS_CERT_FILE', {
    meaning: 'the certificate of this process, as PEM, if NATS asks for one',
  }),
  keyFile: file('ODO_NATS_KEY_FILE', { meaning: 'the key of that certificate, as PEM' }),
} as const;

/** Redis is a part of the cache that may be away, or not be there at all. */
export const redisSettings = {
  url: optional(
    url(
      'ODO_REDIS_URL',
      ['redis:', 'rediss:', 'redis+cluster:', 'rediss+cluster:', 'redis+sentinel:', 'rediss+sentinel:'],
      {
        ...{ hosts: 'several', begins: 'redis or rediss, alone or with +cluster or +sentinel' },
        meaning:
          'Redis: a server, some nodes of a cluster as `a:1,b:2`, or sentinels with the primary as the path; `rediss` is TLS',
      },
    ),
  ),
  caFile: file('ODO_REDIS_CA_FILE', {
    meaning:
      'the authorities, as PEM, of which the certificate of Redis must be; without it those that Node knows',
  }),
  certFile: file('ODO_REDIS_CERT_FILE', {
    meaning: 'the certificate of this process, as PEM, if Redis asks for one',
  }),
  keyFile: file('ODO_REDIS_KEY_FILE', { meaning: 'the key of that certificate, as PEM' }),
} as const;

const DATABASE = { pattern: /^[\w-]{1,63}$/, allowed: '1 to 63 letters, digits, _ or -' };

export const mongoSettings = {
  url: url('ODO_MONGO_URL', ['mongodb:', 'mongodb+srv:'], {
    hosts: 'several',
    meaning:
      'the MongoDB replica set, with the parameters of its driver, such as `tls=true&tlsCAFile=/path`; writes wait for a majority and the journal',
  }),
  database: matching('ODO_MONGO_DATABASE', DATABASE, 'odograph', {
    meaning: 'the database of the log and the views',
  }),
} as const;
