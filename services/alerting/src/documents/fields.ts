import { nearestName } from '@odograph/kernel/nearest-name';
import * as v from 'valibot';

/** The longest duration that a document may have, in milliseconds. */
export const LONGEST_MS = 7 * 24 * 3_600_000;

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/**
 * An object with only these fields. Another one is said to be wrong, with the nearest right name.
 * @param otherwise what to say of what is not an object; by default it is repeated
 */
export function fields<Entries extends v.ObjectEntries>(entries: Entries, otherwise?: string) {
  const names = Object.keys(entries);
  return v.pipe(
    v.looseObject(entries, ({ received }) =>
      received === 'undefined' ? 'is missing' : (otherwise ?? expected('fields', received)),
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      // Also if a field is missing: this may be it, with a typing error.
      if (typeof dataset.value !== 'object' || dataset.value === null) return;
      const input = dataset.value as Record<string, unknown>;
      for (const [key, value] of Object.entries(input)) {
        if (names.includes(key)) continue;
        const nearest = nearestName(key, names);
        const message = `is not a field here: ${nearest ? `did you mean ${nearest}?` : `it has ${names.join(', ')}`}`;
        addIssue({ message, path: [{ type: 'object', origin: 'key', input, key, value }] });
      }
    }),
  );
}

export const expected = (what: string, received: string) => `must be ${what}, but is ${received}`;

export const text = (what: string, pattern: RegExp) =>
  v.pipe(
    v.string((issue) => expected(what, issue.received)),
    v.regex(pattern, (issue) => expected(what, issue.received)),
  );

export const name = text('a name of a-z 0-9 . _ - with at most 63 characters', NAME);

/** The name of something else. */
export const nameOf = (what: string) => text(`the name of ${what}`, NAME);

export const number = (what: string, min: number, max: number) => {
  const message = ({ received }: { readonly received: string }) =>
    expected(`${what} from ${min} to ${max}`, received);
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
};

export const choice = <const Options extends readonly string[]>(options: Options) =>
  v.picklist(options, (issue) => {
    const nearest = nearestName(String(issue.input), options);
    return `must be one of ${options.join(', ')}, but is ${issue.received}${nearest ? `: did you mean ${nearest}?` : ''}`;
  });

export const wholeNumber = (what: string, min: number, max: number) =>
  v.pipe(
    number(what, min, max),
    v.integer(({ received }) => expected(`${what}, a whole one`, received)),
  );

/** Such as `5m`, read as milliseconds. */
export const duration = v.pipe(
  text('a duration such as 30s, 5m or 2h', DURATION),
  v.transform((written) => {
    const [, count, unit] = DURATION.exec(written) as unknown as [string, string, string];
    return Number(count) * (UNITS_MS[unit] as number);
  }),
  v.maxValue(LONGEST_MS, 'must be at most 7d'),
);

/** One that takes some time. */
export const positiveDuration = v.pipe(duration, v.minValue(1_000, 'must be at least 1s'));
