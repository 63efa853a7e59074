import type { Client } from '@odograph/client';
import {
  type Freshness,
  type ListResponse,
  StaleReason,
} from '@odograph/client/generated/odograph/cache/v1/vehicle_status';
import { everyPage } from '@odograph/client/history';
import { Fault, isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { Command } from 'commander';
import { endpointOption, openClient, openRunning } from '../endpoint.ts';
import { type StatusJson, statusJson } from '../json/status-json.ts';
import { inWords } from '../terminal/durations.ts';
import {
  type AtLeastOptions,
  atLeastOf,
  type FilterOptions,
  filterOf,
  hasFilter,
  withAtLeast,
  withFilter,
} from '../terminal/filter.ts';
import { troubleOfLog } from '../terminal/log-trouble.ts';
import { note, printJson, printLine, terminalWidth } from '../terminal/output.ts';
import { fleetTable, vehicleTable } from '../terminal/status-table.ts';

interface StatusOptions extends FilterOptions, AtLeastOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return withAtLeast(withFilter(new Command('status')))
    .description('print the latest known values of one vehicle, or of all')
    .argument('[id]', 'the vehicle (default: all)')
    .addOption(endpointOption('cache'))
    .option('--json', 'one JSON object a line')
    .action(status);
}

async function status(vehicleId: string | undefined, options: StatusOptions): Promise<void> {
  using client = openClient('cache', options.endpoint);
  if (vehicleId === undefined) await allStatuses(client, options);
  else await oneStatus(client, vehicleId, options);
}

async function oneStatus(client: Client, vehicleId: string, options: StatusOptions): Promise<void> {
  if (hasFilter(filterOf(options)))
    throw new Fault(
      'INVALID_INPUT',
      `options that limit a list cannot be given with a vehicle: leave out ${vehicleId} or them`,
    );
  const atLeast = await atLeastOf(
    vehicleId,
    options,
    async () => (await client.cacheStats()).partitions.length,
  );
  const answer = await client.latestStatus(vehicleId, { atLeast });
  const json = statusJson(answer.status, answer);
  if (options.json) await printJson(json);
  else await printLine(vehicleTable(json, { nowMs: Date.now(), maxWidth: terminalWidth() }));
  await noteOldValues([answer.freshness], options, answer.position.partition);
}

async function allStatuses(client: Client, options: StatusOptions): Promise<void> {
  const { atLeast } = options;
  const filter = filterOf(options);
  const pages = everyPage((pageToken, pageSize) =>
    client.latestStatusPage({ ...filter, atLeast, pageSize, pageToken }),
  );
  const rows: StatusJson[] = [];
  const ages: Freshness[] = [];
  for await (const page of pages) {
    ages.push(...page.statuses.flatMap(({ freshness }) => freshness ?? []));
    for (const json of statusesOf(page)) {
      if (options.json) await printJson(json);
      else rows.push(json);
    }
  }
  if (rows.length > 0) await printLine(fleetTable(rows, terminalWidth()));
  else if (!options.json) note(hasFilter(filter) ? 'no such vehicle' : 'no vehicle has reported yet');
  await noteOldValues(ages, options);
}

/** What was printed may be old, and does not look like it. */
async function noteOldValues(
  ages: readonly Freshness[],
  { json, endpoint }: StatusOptions,
  partition?: number,
): Promise<void> {
  const stale = ages.find(({ staleReason }) => staleReason !== StaleReason.UNSPECIFIED);
  const why = stale ? whyStale(stale) : endpoint === undefined && (await whyOld(partition));
  if (why) note(json ? JSON.stringify({ note: why }) : why);
}

const REASONS: Readonly<Record<number, string>> = {
  [StaleReason.LOG_NOT_FOLLOWED]: 'it cannot follow the log',
  [StaleReason.SOURCE_SLOW]: 'history has not answered it in time',
  [StaleReason.SOURCE_FAILED]: 'history has not answered it',
};

function whyStale({ staleReason, ageMs }: Freshness): string {
  const why = REASONS[staleReason] ?? 'it does not say why';
  return `newer reports of the last ${inWords(ageMs)} may not be shown: the cache says that ${why}`;
}

/** Of a platform that runs here, history says whether its log goes on. */
async function whyOld(partition?: number): Promise<string | undefined> {
  using client = openRunning('history');
  if (!client) return undefined;
  try {
    const trouble = await troubleOfLog(client, partition === undefined ? {} : { partition });
    return trouble && `newer reports are not shown: ${trouble}`;
  } catch (error) {
    if (!isFault(error)) throw error;
    return `there may be newer reports: history does not say how far its log is (${error.message})`;
  }
}

function statusesOf({ statuses, positions }: ListResponse): readonly StatusJson[] {
  return statuses.flatMap(({ status, freshness }) => {
    if (!status) return [];
    const partition = partitionOf(status.vehicleId, positions.length);
    const position = positions.find((each) => each.partition === partition);
    return statusJson(status, { position, freshness });
  });
}
