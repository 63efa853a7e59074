import type { Link } from '../links/link.ts';
import type { Scenario, Stage } from '../round/stage.ts';

// What happens to the wires between processes: cut, slow, and silent.

export const cuts: Scenario = {
  name: 'cuts',
  what: 'connections are reset, or cut for some seconds, one route after the other',
  weight: 2,
  async run(stage) {
    for (let count = 5; count > 0; count -= 1) {
      const link = anyLink(stage);
      if (stage.random.chance(0.4)) link.reset();
      else await duringFault(stage, link, () => link.cut());
      await stage.wait(300);
    }
  },
};

export const halfOpen: Scenario = {
  name: 'half-open',
  what: 'a connection falls silent without ending, on one route after the other',
  weight: 2,
  async run(stage) {
    for (let count = 2; count > 0; count -= 1) {
      const link = anyLink(stage);
      await duringFault(stage, link, () => link.hang());
      await stage.wait(300);
    }
  },
};

export const slow: Scenario = {
  name: 'slow',
  what: 'all connections are slow: up to 60 ms each way and up to 200 ms on one, so that queries cross flushes',
  weight: 2,
  async run(stage) {
    for (const link of stage.links) link.slow({ latencyMs: stage.random.between(1, 60), jitterMs: 20 });
    anyLink(stage).slow({ latencyMs: stage.random.between(100, 200), jitterMs: 50 });
    await stage.wait(6_000);
  },
};

export const narrow: Scenario = {
  name: 'narrow',
  what: 'the connection between history and MongoDB carries 200 kB/s',
  async run(stage) {
    stage.link('history-1→mongo').slow({ latencyMs: 0, bytesPerSecond: 200_000 });
    await stage.wait(5_000);
  },
};

function anyLink({ links, random }: Stage): Link {
  return links[random.index(links.length)] as Link;
}

async function duringFault(stage: Stage, link: Link, begin: () => void | Promise<void>): Promise<void> {
  await begin();
  await stage.wait(stage.random.between(500, 4_000));
  await link.heal();
}
