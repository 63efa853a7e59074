import type { Random } from '@odograph/kernel/random';
import type { ServerName } from '../contract.ts';
import type { Answer } from '../wire/call.ts';
import type { Server } from '../wire/server.ts';

/** What inputs are thrown at. */
export type Target = Readonly<Record<ServerName, Server>>;

/** An input that is written out, not drawn: it takes seconds, and runs alone. */
export interface Script {
  readonly name: string;
  /**
   * Resolves with the answers to judge, if it has any. Never throws.
   * @param unused a part for names that no run before had: what is sent again costs less.
   */
  run(target: Target, random: Random, unused: string): Promise<readonly Answer[]>;
}

export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
