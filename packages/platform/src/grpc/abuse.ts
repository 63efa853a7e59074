import { constants, type ServerHttp2Session } from 'node:http2';
import type { Logger } from '../logger.ts';

/** What callers do to a connection that costs the server much and them nothing. */
export interface Abuse {
  /** A call was reset as soon as it was opened (CVE-2023-44487). A connection with many of them is ended. */
  reset(session: ServerHttp2Session): void;
  /** A message came in very small pieces. The connection is ended. */
  fragments(session: ServerHttp2Session): void;
}

/** Calls that a connection may reset at once in {@link PERIOD_MS}: a client that gives up on many calls. */
export const MAX_RESETS = 200;
const PERIOD_MS = 10_000;

export function createAbuse(logger: Logger): Abuse {
  const resets = new WeakMap<ServerHttp2Session, { count: number; readonly untilMs: number }>();

  function end(session: ServerHttp2Session, why: string): void {
    if (session.destroyed) return;
    logger.warn(
      { client: session.socket.remoteAddress, why },
      'a connection was ended because of what it sent',
    );
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
  }

  return {
    reset(session) {
      const nowMs = performance.now();
      const known = resets.get(session);
      const period = known && nowMs < known.untilMs ? known : { count: 0, untilMs: nowMs + PERIOD_MS };
      period.count += 1;
      resets.set(session, period);
      if (period.count > MAX_RESETS)
        end(session, `it reset more than ${MAX_RESETS} calls as soon as it had opened them`);
    },
    fragments: (session) => end(session, 'it sent a message in very small pieces'),
  };
}
