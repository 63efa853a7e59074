import type { Settings } from '@odograph/platform/config/config';
import type { Setting } from '@odograph/platform/config/setting';
import { safeParse } from 'valibot';
import { MEANINGS } from './setting-meanings.ts';

/** The cells of a setting. */
export type Row = readonly [name: string, unit: string, fallback: string, allowed: string, meaning: string];

/** All settings of a process, in the order in which they stand. */
export function settingsIn(settings: Settings): readonly Setting<unknown>[] {
  return Object.values(settings).flatMap((entry) => (isSetting(entry) ? [entry] : settingsIn(entry)));
}

/** @throws Error for a setting whose meaning nobody has written down. */
export function settingRow(setting: Setting<unknown>): Row {
  const meaning = MEANINGS[setting.name];
  if (meaning === undefined) throw new Error(`setting-meanings.ts says nothing of ${setting.name}`);
  const { name } = setting;
  const fallback = meaning.fallback ?? fallbackOf(setting);
  return [`\`${name}\``, unitOf(name), fallback, boundsOf(setting), meaning.what];
}

function isSetting(entry: Setting<unknown> | Settings): entry is Setting<unknown> {
  return entry['kind'] === 'setting';
}

const UNITS: Readonly<Record<string, string>> = { _MS: 'ms', _BYTES: 'bytes', _PCT: '%' };

function unitOf(name: string): string {
  return Object.entries(UNITS).find(([ending]) => name.endsWith(ending))?.[1] ?? '';
}

/** What the schema says of a text that it never takes: the empty one. */
function boundsOf({ schema }: Setting<unknown>): string {
  const { issues } = safeParse(schema, '');
  const words = issues?.[0].message ?? '';
  return words
    .replace(/^must (be|not be) /, (_, be: string) => (be === 'be' ? '' : 'not '))
    .replace(` to ${Number.MAX_SAFE_INTEGER}`, ' on');
}

function fallbackOf({ fallback, name }: Setting<unknown>): string {
  if (fallback === undefined) return 'none: it must be set';
  const inWords = typeof fallback === 'number' ? wordsOf(fallback, unitOf(name)) : '';
  return `\`${fallback}\`${inWords === '' ? '' : ` (${inWords})`}`;
}

const SCALES: Readonly<Record<string, readonly (readonly [size: number, word: string])[]>> = {
  ms: [
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ],
  bytes: [
    [1024 ** 3, 'GiB'],
    [1024 ** 2, 'MiB'],
    [1024, 'KiB'],
  ],
};

/** A number in the largest unit that it is a whole number of. */
function wordsOf(value: number, unit: string): string {
  const scale = (SCALES[unit] ?? []).find(([size]) => value >= size && value % size === 0);
  return scale ? `${value / scale[0]} ${scale[1]}` : '';
}
