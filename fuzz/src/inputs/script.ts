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

/** What is thrown at each server, by its name. */
export type ServerScripts = Readonly<
  Record<string, (server: Server, random: Random) => Promise<readonly Answer[]>>
>;

/** The streams that a client opens have odd ids (RFC 9113, section 5.1.1). */
export const streamId = (at: number) => 2 * at + 1;

/** How many calls a connection may have open. */
export const MAX_STREAMS = 128;

/** How long a text may nearly be in a message that each server takes, which are 64 KiB, 4 MB, and 1 MiB of the others. */
export const LONGEST_TEXT: Readonly<Record<ServerName, number>> = {
  ...{ history: 65_000, ingest: 3_990_000, cache: 1_045_000, alerting: 1_045_000 },
};

export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
