import type { Client } from '@odograph/client';
import type { Invalidation, Warming } from '@odograph/client/cache';
import type {
  InspectResponse,
  LevelEntry,
  Stamp,
  StatsResponse,
} from '@odograph/client/generated/odograph/cache/v1/cache';
import { Command } from 'commander';
import { endpointOption, openClient } from '../endpoint.ts';
import { repeatable, textArgument } from '../terminal/arguments.ts';
import { inWords } from '../terminal/durations.ts';
import { note, printJson, printLine } from '../terminal/output.ts';
import { textTable } from '../terminal/text-table.ts';

interface CacheOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
}

type InvalidateOptions = CacheOptions & { readonly tag?: readonly string[]; readonly all?: boolean };

type WarmOptions = CacheOptions & {
  readonly tag?: string;
  readonly fleet?: string;
  readonly lastHot?: boolean;
};

export function cacheCommand(): Command {
  return new Command('cache')
    .description('look at the cache, make its values invalid, or load them before they are asked for')
    .addCommand(
      withOptions(new Command('inspect'))
        .description('print what each level has of a key')
        .argument('<key>', 'such as status:bus-7')
        .action(inspect),
    )
    .addCommand(
      withOptions(new Command('invalidate'))
        .description('make values invalid, in all processes of the cache')
        .argument('[keys...]', 'such as status:bus-7; status:* means all that begin so')
        .option('--tag <tag>', 'all values with this tag', repeatable(textArgument))
        .option('--all', 'all values')
        .action(invalidate),
    )
    .addCommand(
      withOptions(new Command('warm'))
        .description('load statuses before they are asked for')
        .argument('[vehicles...]', 'these vehicles')
        .option('--tag <tag>', 'all vehicles with this tag', textArgument)
        .option('--fleet <name>', 'all vehicles of this fleet', textArgument)
        .option('--last-hot', 'what was asked for last before the cache was started')
        .action(warm),
    )
    .addCommand(
      withOptions(new Command('stats'))
        .description('print what the cache holds, and how its levels are')
        .action(stats),
    );
}

function withOptions(command: Command): Command {
  return command.addOption(endpointOption('cache')).option('--json', 'one JSON object a line');
}

async function inspect(key: string, options: CacheOptions): Promise<void> {
  using client = openClient('cache', options.endpoint);
  const json = inspectJson(await client.inspectCache(key));
  if (options.json) await printJson(json);
  else await printLine(inspectTable(json));
}

async function invalidate(keys: readonly string[], options: InvalidateOptions): Promise<void> {
  using client = openClient('cache', options.endpoint);
  const what: Invalidation = { keys, tags: options.tag, all: options.all };
  const { isDegraded } = await client.invalidateCache(what);
  if (options.json) await printJson({ degraded: isDegraded });
  else if (isDegraded)
    note(
      'invalid here, but not everywhere yet: something does not answer, and it is tried again; see odograph doctor',
    );
  else note('invalid, in all processes');
}

async function warm(vehicleIds: readonly string[], options: WarmOptions): Promise<void> {
  using client = openClient('cache', options.endpoint);
  const what: Warming = { vehicleIds, tag: options.tag, fleet: options.fleet, lastHot: options.lastHot };
  const last = await warmAll(client, what, options);
  if (options.json) return;
  if (last.total === 0)
    note('nothing was chosen that the cache could load: odograph vehicles list has fleets and tags');
  else note(`${last.done} of ${last.total} loaded${last.failed > 0 ? `, ${last.failed} failed` : ''}`);
}

async function warmAll(client: Client, what: Warming, { json }: CacheOptions) {
  let last = { done: 0, failed: 0, total: 0 };
  for await (last of client.warmCache(what)) if (json) await printJson(last);
  return last;
}

async function stats(options: CacheOptions): Promise<void> {
  using client = openClient('cache', options.endpoint);
  const answer = await client.cacheStats();
  if (options.json) await printJson(statsJson(answer));
  else await printLine(statsTables(answer));
}

/** A level, as `odograph cache inspect --json` prints it. */
interface LevelJson {
  readonly level: string;
  readonly held: boolean;
  readonly valid?: boolean;
  readonly value?: boolean;
  readonly bytes?: number;
  readonly age_ms?: number;
  readonly fresh_ms?: number;
  readonly kept_ms?: number;
  readonly version?: readonly string[];
  readonly tags?: readonly string[];
}

function inspectJson({ levels, floors }: InspectResponse) {
  return { levels: levels.map(levelJson), floors: floors.map(stampText) };
}

function levelJson({ level, isHeld, isValid, hasValue, bytes, ...entry }: LevelEntry): LevelJson {
  if (!isHeld) return { level, held: false };
  const { ageMs, freshMs, keptMs, version, tags } = entry;
  return {
    ...{ level, held: true, valid: isValid, value: hasValue, bytes },
    ...{ age_ms: ageMs, fresh_ms: freshMs, kept_ms: keptMs },
    ...{ version: version.map(stampText), tags },
  };
}

const stampText = ({ domain, epoch, sequence }: Stamp) => `${domain}@${epoch}.${sequence}`;

function inspectTable({ levels, floors }: ReturnType<typeof inspectJson>): string {
  const rows = levels.map((each) => {
    const { level, held, valid, value, bytes = 0, age_ms = 0, fresh_ms = 0, version = [] } = each;
    if (!held) return [level, 'nothing', '', '', ''];
    const holds = value ? `${bytes} bytes` : 'known to have none';
    const freshFor = valid ? inWords(fresh_ms) : 'not valid';
    return [level, holds, inWords(age_ms), freshFor, version.join(' ')];
  });
  const table = textTable(['level', 'holds', 'age', 'fresh for', 'version'], rows);
  return floors.length === 0 ? table : `${table}\nnot older than ${floors.join(' ')}`;
}

function statsJson({ types, levels, partitions, ...others }: StatsResponse) {
  return {
    types: types.map(({ maxBytes, ...type }) => ({ ...type, max_bytes: maxBytes })),
    levels,
    partitions: partitions.map(({ silentMs, isFollowed, ...each }) => {
      return { ...each, silent_ms: silentMs, followed: isFollowed };
    }),
    invalidations: { live: others.isInvalidationsLive, sequence: others.invalidations?.sequence ?? 0 },
    ...{ vehicles: others.vehicles, watches: others.watches },
  };
}

function statsTables({ types, levels, vehicles, watches }: StatsResponse): string {
  const ofTypes = types.map(
    ({ type, entries, bytes, maxBytes, answers, misses, stale, evicted, refused }) => {
      const all = Object.values(answers).reduce((sum, each) => sum + each, 0);
      const hits = all === 0 ? '' : `${Math.round((1 - (answers['source'] ?? 0) / all) * 100)} %`;
      const filled = `${Math.round((bytes / maxBytes) * 100)} %`;
      return [type, entries, filled, all, hits, misses, stale, evicted, refused].map(String);
    },
  );
  const heads = [
    'type',
    'entries',
    'filled',
    'answers',
    'hits',
    'misses',
    'stale',
    'evicted',
    'races prevented',
  ];
  const ofLevels = levels.map(({ level, breaker, queued, repairs }) => [
    level,
    breaker,
    String(queued),
    String(repairs),
  ]);
  return [
    textTable(heads, ofTypes),
    ...(ofLevels.length > 0 ? [textTable(['level', 'breaker', 'queued', 'repairs'], ofLevels)] : []),
    `${vehicles} vehicles, ${watches} watches`,
  ].join('\n\n');
}
