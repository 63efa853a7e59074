import { hash } from 'node:crypto';
import type { Fault } from '@odograph/kernel/fault';
import { invalid } from './request-checks.ts';

/** What a list was asked for: its name, and the fields of the request that select what it has. */
export type ListQuery = readonly [list: string, ...conditions: readonly unknown[]];

/** Longer ones are not ours: an id and a time fit many times. */
export const MAX_TOKEN_LENGTH = 1_024;

/** A token for the page after a key. It is opaque to callers, and of use for the same query only. */
export function encodePageToken(query: ListQuery, key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([digestOf(query), ...key])).toString('base64url');
}

/** The key in a token; undefined for the first page. Throws a Fault INVALID_INPUT for a token of another query. */
export function decodePageToken(query: ListQuery, token: string): readonly unknown[] | undefined {
  if (token === '') return undefined;
  const [digest, ...key] = parseToken(token);
  if (digest === digestOf(query)) return key;
  throw badToken();
}

export const badToken = (): Fault =>
  invalid('page_token', 'UNKNOWN_TOKEN', 'is not a token of this query: start again without a token');

function digestOf(query: ListQuery): string {
  return hash('sha256', JSON.stringify(query), 'base64url').slice(0, 12);
}

function parseToken(token: string): readonly unknown[] {
  if (token.length > MAX_TOKEN_LENGTH) throw badToken();
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    throw badToken();
  }
}
