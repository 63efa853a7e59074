import type { SupervisedProcess } from '@odograph/cluster/supervised-process';
import type { Round, Scenario } from '../round/round.ts';

// Processes that are killed or paused.

const PAUSE_MS = { from: 1_000, to: 6_000 };

export const kills: Scenario = {
  name: 'kills',
  description: 'kill -9 of random processes, one after the other, each started again a moment later',
  weight: 3,
  caches: 1,
  async run(round) {
    for (let count = 3 + round.random.index(4); count > 0; count -= 1) {
      await killAndStart(round, randomNode(round));
      await round.wait(round.random.between(100, 1_200));
    }
  },
};

export const powerCut: Scenario = {
  name: 'power cut',
  description: 'kill -9 of all processes at once, twice',
  weight: 2,
  async run(round) {
    for (let count = 0; count < 2; count += 1) {
      await round.cluster.kill();
      await round.heal();
      await round.wait(round.random.between(500, 2_000));
    }
  },
};

export const sleeps: Scenario = {
  name: 'sleeps',
  description: 'SIGSTOP of one process after the other for a few seconds',
  weight: 2,
  async run(round) {
    for (let count = 2; count > 0; count -= 1) {
      await pauseFor(round, [randomNode(round)], round.random.between(PAUSE_MS.from, PAUSE_MS.to));
      await round.wait(500);
    }
  },
};

export const allAsleep: Scenario = {
  name: 'all asleep',
  description: 'SIGSTOP of all processes at once for a few seconds',
  run: (round) => pauseFor(round, round.cluster.nodes, round.random.between(PAUSE_MS.from, PAUSE_MS.to)),
};

export const longSleep: Scenario = {
  name: 'long sleep',
  description: 'SIGSTOP of a process, or of all, for a minute',
  async run(round) {
    const { nodes } = round.cluster;
    const one = nodes[round.random.index(nodes.length + 1)];
    await pauseFor(round, one ? [one] : nodes, 60_000);
  },
};

export const takeover: Scenario = {
  name: 'takeover',
  description:
    'one of two replicas of history is paused or killed until the other has taken over, and then comes back',
  weight: 3,
  histories: 2,
  async run(round) {
    for (const replica of round.cluster.histories) {
      if (round.random.chance(0.5)) await pauseFor(round, [replica], round.random.between(2_000, 4_000));
      else await killAndStart(round, replica, 2_500);
      await round.wait(round.random.between(300, 1_500));
    }
  },
};

function randomNode({ cluster, random }: Round): SupervisedProcess {
  return cluster.nodes[random.index(cluster.nodes.length)] as SupervisedProcess;
}

async function killAndStart(round: Round, node: SupervisedProcess, afterMs?: number): Promise<void> {
  await node.kill();
  await round.wait(afterMs ?? round.random.between(0, 1_000));
  await node.start();
}

async function pauseFor(round: Round, nodes: readonly SupervisedProcess[], ms: number): Promise<void> {
  for (const node of nodes) node.pause();
  await round.wait(ms);
  for (const node of nodes) node.resume();
}
