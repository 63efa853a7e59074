import type { Link } from '../links/link.ts';
import type { Round, Scenario } from '../round/round.ts';

// Faults of the connections between processes.

export const cuts: Scenario = {
  name: 'cuts',
  description: 'connections are reset, or cut for a few seconds, one random route after the other',
  weight: 2,
  caches: 1,
  async run(round) {
    for (let count = 5; count > 0; count -= 1) {
      const link = randomLink(round);
      if (round.random.chance(0.4)) link.reset();
      else await withFault(round, link, () => link.cut());
      await round.wait(300);
    }
  },
};

export const halfOpen: Scenario = {
  name: 'half-open',
  description:
    'the connections of a route stop carrying bytes without being closed, one random route after the other',
  weight: 2,
  async run(round) {
    for (let count = 2; count > 0; count -= 1) {
      const link = randomLink(round);
      await withFault(round, link, () => link.hang());
      await round.wait(300);
    }
  },
};

export const slow: Scenario = {
  name: 'slow',
  description:
    'all connections are slow: up to 60 ms each way and up to 200 ms on one, so that queries cross flushes',
  weight: 2,
  caches: 1,
  async run(round) {
    for (const link of round.links) link.slow({ latencyMs: round.random.between(1, 60), jitterMs: 20 });
    randomLink(round).slow({ latencyMs: round.random.between(100, 200), jitterMs: 50 });
    await round.wait(6_000);
  },
};

export const narrow: Scenario = {
  name: 'narrow',
  description: 'the connection between history and MongoDB carries 200 kB/s',
  async run(round) {
    round.link('history-1→mongo').slow({ latencyMs: 0, bytesPerSecond: 200_000 });
    await round.wait(5_000);
  },
};

function randomLink({ links, random }: Round): Link {
  return links[random.index(links.length)] as Link;
}

async function withFault(round: Round, link: Link, begin: () => void | Promise<void>): Promise<void> {
  await begin();
  await round.wait(round.random.between(500, 4_000));
  await link.heal();
}
