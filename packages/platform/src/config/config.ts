import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import { nearestName } from '@odograph/kernel/nearest-name';
import * as v from 'valibot';
import { maskPassword, type Setting } from './setting.ts';

/** Settings, nested in the form in which the process reads their values. */
export interface Settings {
  readonly [name: string]: Setting<unknown> | Settings;
}

/** The values of settings, nested in the same way. */
export type ConfigOf<S> =
  S extends Setting<infer Value> ? Value : { readonly [Name in keyof S]: ConfigOf<S[Name]> };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of a process into a frozen object.
 * Throws one Fault (INVALID_INPUT) that lists everything that is wrong: invalid values, missing ones, and names that
 * begin with the prefix of the process, for example `ODO_HISTORY_`, and are not settings.
 */
export function readConfig<S extends Settings>(
  settings: S,
  env: Environment,
  ownPrefix?: string,
): ConfigOf<S> {
  const findings = ownPrefix === undefined ? [] : unknownNames(settings, env, ownPrefix);
  const config = readAll(settings, env, findings);
  if (findings.length === 0) return config as ConfigOf<S>;
  const lines = findings.map(({ field, description }) => `  ${field} ${description}`);
  throw new Fault('INVALID_INPUT', ['the environment has wrong settings:', ...lines].join('\n'), {
    findings,
  });
}

/** The values as text, by the names of their settings. Passwords in URLs are hidden. */
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

/** All settings of a process as a flat list, in the order of their declaration. */
export function listSettings(settings: Settings): readonly Setting<unknown>[] {
  return Object.values(settings).flatMap((entry) => (isSetting(entry) ? [entry] : listSettings(entry)));
}

function readAll(settings: Settings, env: Environment, findings: Finding[]): object {
  const read = Object.entries(settings).map(([key, entry]) => [
    key,
    isSetting(entry) ? readOne(entry, env, findings) : readAll(entry, env, findings),
  ]);
  return Object.freeze(Object.fromEntries(read));
}

function readOne(
  { name, schema, allowed, fallback }: Setting<unknown>,
  env: Environment,
  findings: Finding[],
): unknown {
  // Shells and charts set an empty value to say "not set".
  const text = env[name] || undefined;
  if (text === undefined) {
    if (fallback === undefined)
      findings.push({ field: name, reason: 'MISSING', description: `is not set: it must be ${allowed}` });
    return fallback;
  }
  const result = v.safeParse(schema, text);
  if (result.success) return result.output;
  const description = `must be ${allowed}, not ${JSON.stringify(maskPassword(text))}`;
  findings.push({ field: name, reason: 'INVALID', description });
  return undefined;
}

function unknownNames(settings: Settings, env: Environment, ownPrefix: string): Finding[] {
  const known = listSettings(settings);
  return Object.keys(env)
    .filter((name) => name.startsWith(ownPrefix) && !known.some((setting) => setting.name === name))
    .map((field) => ({ field, reason: 'UNKNOWN', description: wayOut(field, known) }));
}

/** Says what to do about an unknown name. */
function wayOut(name: string, known: readonly Setting<unknown>[]): string {
  const renamed = known.find(({ formerName }) => formerName === name);
  if (renamed) return `is now called ${renamed.name}: set that instead`;
  const names = known.map((setting) => setting.name);
  const nearest = nearestName(name, names, ownPart);
  return `is not a setting: ${nearest === undefined ? 'remove it' : `did you mean ${nearest}?`}`;
}

/** A name without `ODO` and the name of the service. */
const ownPart = (name: string) => name.split('_').slice(2).join('_');

function isSetting(entry: Setting<unknown> | Settings): entry is Setting<unknown> {
  return entry['kind'] === 'setting';
}
