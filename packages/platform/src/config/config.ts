import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import * as v from 'valibot';
import { maskPassword, type Setting } from './setting.ts';

/** Settings, nested as the process wants to read them. */
export interface Settings {
  readonly [name: string]: Setting<unknown> | Settings;
}

/** The values of settings, nested in the same way. */
export type ConfigOf<S> =
  S extends Setting<infer Value> ? Value : { readonly [Name in keyof S]: ConfigOf<S[Name]> };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a process's settings: a frozen object, nested as the settings are.
 * Throws one Fault (INVALID_INPUT) that lists everything that is wrong: values, missing ones, and names that begin with
 * the process's own prefix, such as `ODO_HISTORY_`, and are none of its settings.
 */
export function readConfig<S extends Settings>(
  settings: S,
  env: Environment,
  ownPrefix?: string,
): ConfigOf<S> {
  const violations = ownPrefix === undefined ? [] : unknownNames(settings, env, ownPrefix);
  const config = readAll(settings, env, violations);
  if (violations.length === 0) return config as ConfigOf<S>;
  const lines = violations.map(({ field, description }) => `  ${field} ${description}`);
  throw new Fault('INVALID_INPUT', ['the environment is wrong:', ...lines].join('\n'), { violations });
}

/** The values by name, as text, for people: the passwords of URLs are masked. */
export function describeConfig<S extends Settings>(
  settings: S,
  config: ConfigOf<S>,
): Readonly<Record<string, string>> {
  const described = Object.entries(settings).flatMap(([key, entry]) => {
    const value: unknown = Reflect.get(config, key);
    if (isSetting(entry)) return [[entry.name, maskPassword(String(value))]];
    return Object.entries(describeConfig(entry, value as ConfigOf<Settings>));
  });
  return Object.fromEntries(described);
}

function readAll(settings: Settings, env: Environment, violations: Finding[]): object {
  const read = Object.entries(settings).map(([key, entry]) => [
    key,
    isSetting(entry) ? readOne(entry, env, violations) : readAll(entry, env, violations),
  ]);
  return Object.freeze(Object.fromEntries(read));
}

function readOne(
  { name, schema, fallback }: Setting<unknown>,
  env: Environment,
  violations: Finding[],
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
  const description = `${result.issues[0].message}, not ${JSON.stringify(maskPassword(text))}`;
  violations.push({ field: name, reason: 'INVALID', description });
  return undefined;
}

function unknownNames(settings: Settings, env: Environment, ownPrefix: string): Finding[] {
  const known = flatten(settings).map(({ name }) => name);
  return Object.keys(env)
    .filter((name) => name.startsWith(ownPrefix) && !known.includes(name))
    .map((field) => ({ field, reason: 'UNKNOWN', description: `is read by nobody${hint(field, known)}` }));
}

/** Names the setting that has the most of a name's words, `ODO` and the service's aside. */
function hint(name: string, known: readonly string[]): string {
  const words = name.split('_').slice(2);
  const inCommon = (other: string) => other.split('_').filter((word) => words.includes(word)).length;
  const nearest = known.reduce((best, other) => (inCommon(other) > inCommon(best) ? other : best), '');
  return nearest === '' ? '' : `: did you mean ${nearest}?`;
}

function flatten(settings: Settings): readonly Setting<unknown>[] {
  return Object.values(settings).flatMap((entry) => (isSetting(entry) ? [entry] : flatten(entry)));
}

function isSetting(entry: Setting<unknown> | Settings): entry is Setting<unknown> {
  return entry['kind'] === 'setting';
}
