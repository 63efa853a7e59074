import type { VehicleFilter } from '@odograph/client/history';
import { partitionOf } from '@odograph/kernel/partition';
import { comparePositions, type Position } from '@odograph/kernel/position';
import type { Command } from 'commander';
import { positionArgument, repeatable, textArgument } from './arguments.ts';

/** The options of a command that lists vehicles. */
export interface FilterOptions {
  readonly fleet?: string;
  readonly tag?: string;
  readonly model?: string;
  readonly text?: string;
  readonly retired?: boolean;
}

export function withFilter(command: Command): Command {
  return command
    .option('--fleet <name>', 'only the vehicles of this fleet', textArgument)
    .option('--tag <tag>', 'only with this tag', textArgument)
    .option('--model <name>', 'only of this model', textArgument)
    .option('--text <text>', 'only with this text in the id, name, model or VIN', textArgument)
    .option('--retired', 'also the retired ones');
}

export function filterOf({ fleet, tag, model, text, retired }: FilterOptions): VehicleFilter {
  return { fleet, tag, model, text, includeRetired: retired };
}

/** Whether only some vehicles are asked for. */
export function hasFilter({ fleet, tag, model, text }: VehicleFilter): boolean {
  return [fleet, tag, model, text].some((each) => each !== undefined);
}

/** The option of a query that waits for what was written. */
export interface AtLeastOptions {
  readonly atLeast?: readonly Position[];
}

export function withAtLeast(command: Command): Command {
  const description = 'wait until the answer includes this position';
  return command.option('--at-least <position>', description, repeatable(positionArgument));
}

/** Of several positions, the last of a vehicle's partition; undefined if none is of it. */
export async function atLeastOf(
  vehicleId: string,
  { atLeast = [] }: AtLeastOptions,
  countPartitions: () => Promise<number>,
): Promise<Position | undefined> {
  if (atLeast.length < 2) return atLeast[0];
  const partition = partitionOf(vehicleId, await countPartitions());
  const own = atLeast.filter((position) => position.partition === partition);
  return own.toSorted(comparePositions).at(-1);
}
