import * as v from 'valibot';
import { LOG_LEVELS } from '../logger.ts';

/** One value a process is told by its environment. The name says the unit. */
export interface Setting<T> {
  readonly kind: 'setting';
  /** Such as `ODO_GRPC_PORT`. */
  readonly name: string;
  /** From the text to the value. */
  readonly schema: v.GenericSchema<string, T>;
  /** The value where the environment says nothing; without one, it must. */
  readonly fallback: T | undefined;
}

export function setting<T>(name: string, schema: v.GenericSchema<string, T>, fallback?: T): Setting<T> {
  return { kind: 'setting', name, schema, fallback };
}

/** A whole number within bounds. */
export function whole(
  name: string,
  fallback: number,
  { min = 0, max = Number.MAX_SAFE_INTEGER } = {},
): Setting<number> {
  const inWords = `must be a whole number from ${min} to ${max}`;
  const schema = v.pipe(
    v.string(),
    v.regex(/^-?\d{1,16}$/, inWords),
    v.transform(Number),
    v.minValue(min, inWords),
    v.maxValue(max, inWords),
  );
  return setting(name, schema, fallback);
}

/** A time in milliseconds, at most a day; its name ends in _MS. */
export function ms(
  name: `${string}_MS`,
  fallback: number,
  { min = 0, max = 86_400_000 } = {},
): Setting<number> {
  return whole(name, fallback, { min, max });
}

/** A size in bytes; its name ends in _BYTES. */
export function bytes(
  name: `${string}_BYTES`,
  fallback: number,
  { min = 1, max = 2 ** 40 } = {},
): Setting<number> {
  return whole(name, fallback, { min, max });
}

/** A TCP port; 0 takes a free one. */
export function port(name: string, fallback = 0): Setting<number> {
  return whole(name, fallback, { min: 0, max: 65_535 });
}

/** The address to listen on: loopback unless somebody opens it. */
export function host(name: string, fallback = '127.0.0.1'): Setting<string> {
  return setting(
    name,
    v.pipe(v.string(), v.regex(/^[\w.:-]+$/, 'must be a host name or an IP address')),
    fallback,
  );
}

/** A URL of one of these protocols, such as `nats:`. */
export function url(name: string, protocols: readonly string[], fallback?: string): Setting<string> {
  const isFine = (text: string) =>
    protocols.some((protocol) => text.startsWith(`${protocol}//`)) && URL.canParse(text);
  const inWords = `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return setting(name, v.pipe(v.string(), v.check(isFine, inWords)), fallback);
}

/** A URL as it may be printed: `nats://me:***@host`; a name without a password may be a token. */
export function maskPassword(url: string): string {
  return url.replace(/^([\w+.-]+:\/\/)(?:([^:@/]*:)[^@]*|[^:@/]*)@/, '$1$2***@');
}

/** A text that is not blank. */
export function text(name: string, fallback?: string): Setting<string> {
  return setting(name, v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank')), fallback);
}

/** One of some words. */
export function oneOf<const Word extends string>(
  name: string,
  words: readonly Word[],
  fallback: Word,
): Setting<Word> {
  return setting(name, v.picklist(words, `must be one of ${words.join(', ')}`), fallback);
}

/** What every service is told. */
export const serviceSettings = {
  grpc: { host: host('ODO_GRPC_HOST'), port: port('ODO_GRPC_PORT') },
  metrics: { host: host('ODO_METRICS_HOST'), port: port('ODO_METRICS_PORT') },
  log: { level: oneOf('ODO_LOG_LEVEL', LOG_LEVELS, 'info') },
  drainMs: ms('ODO_DRAIN_MS', 10_000),
} as const;

export const natsSettings = { url: url('ODO_NATS_URL', ['nats:', 'tls:']) } as const;

export const mongoSettings = {
  url: url('ODO_MONGO_URL', ['mongodb:', 'mongodb+srv:']),
  database: setting(
    'ODO_MONGO_DATABASE',
    v.pipe(v.string(), v.regex(/^[\w-]{1,63}$/, 'must be 1 to 63 letters, digits, _ or -')),
    'odograph',
  ),
} as const;
