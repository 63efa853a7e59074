import type { Fault } from '@odograph/kernel/fault';
import { invalid } from './request-checks.ts';

/** A token for the page after a key. It is opaque to callers and contains the name of its list. */
export function encodePageToken(list: string, key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url');
}

/** The key in a token; undefined for the first page. Throws a Fault INVALID_INPUT for a token of another list. */
export function decodePageToken(list: string, token: string): readonly unknown[] | undefined {
  if (token === '') return undefined;
  const [tokenList, ...key] = parseToken(token);
  if (tokenList === list) return key;
  throw badToken();
}

export const badToken = (): Fault =>
  invalid('page_token', 'UNKNOWN_TOKEN', 'is not a token of this list: start again without a token');

function parseToken(token: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    throw badToken();
  }
}
