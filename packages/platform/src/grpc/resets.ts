import type { Http2Session } from 'node:http2';

/** The calls of each client that were reset as soon as they were opened. */
export interface Resets {
  /** Counts a call of a client that it reset on this connection. */
  add(client: string, connection: Http2Session): void;
  /** Whether the client resets too many, and this connection has part in it: others may share the address of the client. */
  areTooMany(client: string, connection: Http2Session): boolean;
}

/** Calls that a client may reset at once in {@link PERIOD_MS}: one that gives up on many calls. Each costs about 0.2 ms. */
export const MAX_RESETS = 500;
const PERIOD_MS = 10_000;

/**
 * Counts calls that cost a server work and their client nothing (CVE-2023-44487). Node bounds resets too, but by connection,
 * and a client may have a thousand connections.
 */
export function createResets(onTooMany: (client: string) => void): Resets {
  /** Since the first one of a client; forgotten after the period. */
  const counts = new Map<string, number>();
  const resetting = new WeakSet<Http2Session>();
  return {
    add(client, connection) {
      resetting.add(connection);
      const count = (counts.get(client) ?? 0) + 1;
      counts.set(client, count);
      if (count === 1) setTimeout(() => counts.delete(client), PERIOD_MS).unref();
      if (count === MAX_RESETS + 1) onTooMany(client);
    },
    areTooMany: (client, connection) => (counts.get(client) ?? 0) > MAX_RESETS && resetting.has(connection),
  };
}
