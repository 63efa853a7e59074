import { invalid, MAX_FILTER_TEXT } from '@odograph/platform/grpc/request-checks';

/** A file of rules has many of them. */
export const MAX_REQUEST_BYTES = 1024 * 1024;
/** The longest text that a person gives with a decision, in UTF-16 units. */
export const MAX_NOTE = 1_000;
/** How many names of one kind a filter, or a silence, may have. */
export const MAX_NAMES = 256;

/** Who decides: until there are identities, callers say so themselves. */
export function checkBy(by: string): string {
  if (by.trim() !== '' && by.length <= MAX_FILTER_TEXT) return by;
  throw invalid('by', 'INVALID_NAME', `must say who decides, in 1 to ${MAX_FILTER_TEXT} characters`);
}

export function checkNote(field: string, note: string): string {
  if (note.length <= MAX_NOTE) return note;
  throw invalid(field, 'TOO_LONG', `has ${note.length} characters, at most ${MAX_NOTE} are allowed`);
}

/** Names of rules, vehicles or fleets. */
export function checkNames(field: string, names: readonly string[]): readonly string[] {
  if (names.length > MAX_NAMES)
    throw invalid(field, 'TOO_MANY', `has ${names.length} names, at most ${MAX_NAMES} are allowed`);
  const wrong = names.findIndex((name) => name === '' || name.length > MAX_FILTER_TEXT);
  if (wrong >= 0)
    throw invalid(`${field}[${wrong}]`, 'INVALID_NAME', `must have 1 to ${MAX_FILTER_TEXT} characters`);
  return names;
}
