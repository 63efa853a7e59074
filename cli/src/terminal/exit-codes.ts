import type { FaultCode } from '@odograph/kernel/fault';

/** The meaning of each exit code; docs/cli.md has the same table. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unavailable: 4, interrupted: 130 } as const;

const EXIT_OF: Readonly<Partial<Record<FaultCode, number>>> = {
  INVALID_INPUT: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  UNAVAILABLE: EXIT.unavailable,
  OVERLOADED: EXIT.unavailable,
  DEADLINE: EXIT.unavailable,
  CANCELLED: EXIT.interrupted,
};

export function exitCodeOf(code: FaultCode): number {
  return EXIT_OF[code] ?? EXIT.failed;
}
