import type { Random } from '@odograph/kernel/random';
import type { ContractMethod, ServerName } from '../contract.ts';
import type { LagMeter } from '../lag.ts';
import type { Broken } from '../verdict/violation.ts';
import type { Server } from '../wire/server.ts';

/** What an input is thrown at. */
export interface Target {
  readonly servers: Readonly<Record<ServerName, Server>>;
  readonly methods: readonly ContractMethod[];
  readonly lag: LagMeter;
}

/** One attempt to break a rule. Number and seed decide all of it. */
export interface Input {
  readonly number: number;
  /** What it is, in a few words; `--only` takes the name of a script. */
  readonly name: string;
  /** Nothing but the canary runs beside it. */
  readonly isAlone: boolean;
  /** Resolves with the rules that its own answers broke, in words. Never throws. */
  run(target: Target): Promise<readonly Broken[]>;
}

/** An input that is written out, not drawn: it takes seconds, and runs alone. */
export interface Script {
  readonly name: string;
  run(target: Target, random: Random): Promise<readonly Broken[]>;
}
