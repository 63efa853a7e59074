import { Fault, type FieldViolation } from '@odograph/kernel/fault';
import * as v from 'valibot';
import { maskPassword, mongoSettings, natsSettings, type Setting, serviceSettings } from './setting.ts';

/** Settings, nested as the process wants to read them. */
export interface Settings {
  readonly [name: string]: Setting<unknown> | Settings;
}

/** The values of settings, nested in the same way. */
export type ConfigOf<S> =
  S extends Setting<infer Value> ? Value : { readonly [Name in keyof S]: ConfigOf<S[Name]> };

type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'ODO_';

/** The parts of the platform whose settings may lie in the same environment: `ODO_<part>_…` is theirs to check. */
const PARTS = ['INGEST', 'HISTORY', 'CACHE', 'ALERTING', 'CONSOLE', 'ENGINES', 'FLEET', 'TEST'];

/** What some process of the platform reads, whatever its part. */
const SHARED: readonly string[] = [
  ...[serviceSettings, natsSettings, mongoSettings]
    .flatMap((settings) => flatten(settings))
    .map(({ name }) => name),
  ...['ODO_REDIS_URL', 'ODO_PARTITIONS', 'ODO_NODE_FOUND'],
];

/**
 * Reads a process's settings: a frozen object, nested as the settings are.
 * Throws one Fault (INVALID_INPUT) that lists everything that is wrong: values, missing ones, and `ODO_…` names that
 * nobody reads.
 */
export function readConfig<S extends Settings>(settings: S, env: Environment): ConfigOf<S> {
  const violations = unknownNames(settings, env);
  const config = readAll(settings, env, violations);
  if (violations.length === 0) return config as ConfigOf<S>;
  const lines = violations.map(({ field, description }) => `  ${field} ${description}`);
  throw new Fault('INVALID_INPUT', ['the environment is wrong:', ...lines].join('\n'), { violations });
}

/** The values by name, as text, for people: secrets and the passwords of URLs are masked. */
export function describeConfig<S extends Settings>(
  settings: S,
  config: ConfigOf<S>,
): Readonly<Record<string, string>> {
  const described = Object.entries(settings).flatMap(([key, entry]) => {
    const value: unknown = Reflect.get(config, key);
    if (isSetting(entry)) return [[entry.name, entry.isSecret ? '***' : maskPassword(String(value))]];
    return Object.entries(describeConfig(entry, value as ConfigOf<Settings>));
  });
  return Object.fromEntries(described);
}

function readAll(settings: Settings, env: Environment, violations: FieldViolation[]): object {
  const read = Object.entries(settings).map(([key, entry]) => [
    key,
    isSetting(entry) ? readOne(entry, env, violations) : readAll(entry, env, violations),
  ]);
  return Object.freeze(Object.fromEntries(read));
}

function readOne(
  { name, schema, fallback, isSecret }: Setting<unknown>,
  env: Environment,
  violations: FieldViolation[],
): unknown {
  // An empty value is how a shell or a chart says "not set".
  const text = env[name] || undefined;
  if (text === undefined) {
    if (fallback === undefined)
      violations.push({ field: name, reason: 'MISSING', description: 'is not set' });
    return fallback;
  }
  const result = v.safeParse(schema, text);
  if (result.success) return result.output;
  const given = isSecret ? '' : `, not ${JSON.stringify(maskPassword(text))}`;
  violations.push({ field: name, reason: 'INVALID', description: `${result.issues[0].message}${given}` });
  return undefined;
}

function unknownNames(settings: Settings, env: Environment): FieldViolation[] {
  const own = flatten(settings).map(({ name }) => name);
  const known = [...own, ...SHARED];
  const partOf = (name: string) => PARTS.find((part) => name.startsWith(`${PREFIX}${part}_`));
  const ownParts = new Set(own.map(partOf));
  const isTheirs = (name: string) => partOf(name) !== undefined && !ownParts.has(partOf(name));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name) && !isTheirs(name))
    .map((field) => ({ field, reason: 'UNKNOWN', description: `is read by nobody${hint(field, known)}` }));
}

function flatten(settings: Settings): readonly Setting<unknown>[] {
  return Object.values(settings).flatMap((entry) => (isSetting(entry) ? [entry] : flatten(entry)));
}

function isSetting(entry: Setting<unknown> | Settings): entry is Setting<unknown> {
  return entry['kind'] === 'setting';
}

function hint(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((other) => ({ other, distance: editDistance(name, other) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest && nearest.distance <= name.length / 4 ? `: did you mean ${nearest.other}?` : '';
}

/** Levenshtein's: how many letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
