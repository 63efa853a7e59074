import {
  backtestJson,
  type EpisodeJson,
  type TimelineJson,
  type ToldBacktest,
} from '../json/backtest-json.ts';
import { inWords } from '../terminal/durations.ts';
import { textTable } from '../terminal/text-table.ts';

/** Episodes of a list, of which people see no more. */
const MOST_LISTED = 20;

/** A backtest for people. */
export function backtestReport(told: ToldBacktest, maxWidth: number): string {
  const { rule, from, to, ...found } = backtestJson(told);
  const { as_known_then: then, as_known_now: now, other_as_known_then: other, difference } = found;
  const events = found.events.toLocaleString('en');
  const head = `${rule} from ${from} to ${to}: ${events} events of ${found.vehicles} vehicles, in ${seconds(found.took_ms)}`;
  const columns = {
    'as known then': then,
    'as known now': now,
    ...(other && { [`${found.compared_with}`]: other }),
  };
  const flapping = found.flapping === 0 ? [] : [`${found.flapping} of them are of vehicles that flap`];
  const lists = difference
    ? [
        listOf('only this one', difference.added, maxWidth),
        listOf(`only ${found.compared_with}`, difference.removed, maxWidth),
        listOf(`at another time, as ${found.compared_with} has them`, difference.moved, maxWidth),
      ]
    : [listOf('as known then', then.listed, maxWidth, then.alerts)];
  return [head, '', figuresTable(columns), ...flapping, ...lists.flatMap((list) => ['', list])].join('\n');
}

function figuresTable(columns: Readonly<Record<string, TimelineJson>>): string {
  const timelines = Object.values(columns);
  const row = (name: string, figure: (timeline: TimelineJson) => string) => [name, ...timelines.map(figure)];
  return textTable(
    ['', ...Object.keys(columns)],
    [
      row('alerts', ({ alerts }) => String(alerts)),
      row('pages', ({ pages }) => String(pages)),
      row('pages of a vehicle in a day', (each) => each.pages_per_vehicle_day.toFixed(3)),
      row('over within a minute', (each) => `${Math.round(each.share_under_minute * 100)} %`),
      row('known after, median', ({ delay_p50_ms: delayMs }) => inWords(delayMs)),
      row('known after, slowest twentieth', ({ delay_p95_ms: delayMs }) => inWords(delayMs)),
    ],
  );
}

function listOf(
  name: string,
  episodes: readonly EpisodeJson[],
  maxWidth: number,
  count = episodes.length,
): string {
  if (count === 0) return `${name}: none`;
  const head = ['vehicle', 'severity', 'held from', 'fired', 'ended', 'not told because'];
  const rows = episodes
    .slice(0, MOST_LISTED)
    .map((each) => [
      ...[each.vehicle_id, each.severity, each.started_at, each.fired_at, each.ended_at ?? 'goes on'],
      each.not_told_because ?? '',
    ]);
  const table = textTable(head, rows, { maxWidth, yielding: ['held from', 'not told because', 'severity'] });
  const more = count > rows.length ? `\nand ${count - rows.length} more: --json has the first 1,000` : '';
  return `${name}:\n${table}${more}`;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
