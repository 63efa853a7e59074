import { scrapeAll, sumOf } from '@odograph/testing/scrape';
import type { Round, Scenario } from '../round/round.ts';

/** Late, repeated and doubted reports are about one in seven of the load. */
const MOST_LOOKED_UP = 0.4;

export const calm: Scenario = {
  name: 'calm',
  description: 'no fault: the rules must hold for a platform that is left alone',
  async run(round) {
    await round.wait(3_000);
    const before = await countEvents(round);
    await round.wait(2_000);
    const after = await countEvents(round);
    const share = (after.lookedUp - before.lookedUp) / (after.judged - before.judged);
    round.expect(
      'a report that is newer than all others of its vehicle is not looked up',
      share < MOST_LOOKED_UP,
      `${Math.round(share * 100)} % of the events were looked up`,
    );
  },
};

async function countEvents({ cluster }: Round): Promise<{ judged: number; lookedUp: number }> {
  const samples = Object.values(await scrapeAll(cluster.metrics)).flat();
  return {
    judged: sumOf(samples, 'odograph_log_events_total'),
    lookedUp: sumOf(samples, 'odograph_log_lookups_total'),
  };
}
