import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
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
  const nearest = nearestName(
    name,
    known.map((setting) => setting.name),
  );
  return `is not a setting: ${nearest === undefined ? 'remove it' : `did you mean ${nearest}?`}`;
}

/** From 0, nothing in common, to 1, the same. */
const MIN_LIKENESS = 0.4;

/** The known name that is most like this one apart from `ODO` and the name of the service; of several, by the whole name. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const likeness = (other: string, words: number) => likenessOf(pairsIn(name, words), pairsIn(other, words));
  const compare = (a: string, b: string) =>
    likeness(b, 2) - likeness(a, 2) || likeness(b, 0) - likeness(a, 0);
  const nearest = known.toSorted(compare)[0];
  return nearest !== undefined && likeness(nearest, 2) >= MIN_LIKENESS ? nearest : undefined;
}

/** The pairs of letters that are neighbours in a name, without its first words. */
function pairsIn(name: string, words: number): ReadonlySet<string> {
  const letters = name.split('_').slice(words).join('_');
  return new Set(Array.from({ length: letters.length }, (_, at) => letters.slice(at, at + 2)));
}

/** The share of what two sets have in common (Dice's coefficient). */
function likenessOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return (2 * [...a].filter((each) => b.has(each)).length) / (a.size + b.size);
}

function isSetting(entry: Setting<unknown> | Settings): entry is Setting<unknown> {
  return entry['kind'] === 'setting';
}
