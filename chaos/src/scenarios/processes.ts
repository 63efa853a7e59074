import type { SupervisedProcess } from '@odograph/cluster/supervised-process';
import type { Scenario, Stage } from '../round/stage.ts';

// Processes that die, all of a sudden or all at once, and processes that stand still.

/** How long an answer may take that says no, in milliseconds: the sender's own deadline and a margin. */
const SLEEP_MS = { from: 1_000, to: 6_000 };

export const kills: Scenario = {
  name: 'kills',
  what: 'kill -9 of one process after the other, at random, each started again a moment later',
  weight: 3,
  async run(stage) {
    for (let count = 3 + stage.random.index(4); count > 0; count -= 1) {
      await killAndStart(stage, anyOf(stage));
      await stage.wait(stage.random.between(100, 1_200));
    }
  },
};

export const powerCut: Scenario = {
  name: 'power cut',
  what: 'kill -9 of all processes at once, twice',
  weight: 2,
  async run(stage) {
    for (let count = 0; count < 2; count += 1) {
      await stage.cluster.kill();
      await stage.heal();
      await stage.wait(stage.random.between(500, 2_000));
    }
  },
};

export const sleeps: Scenario = {
  name: 'sleeps',
  what: 'SIGSTOP of one process after the other for some seconds',
  weight: 2,
  async run(stage) {
    for (let count = 2; count > 0; count -= 1) {
      await sleepFor(stage, [anyOf(stage)], stage.random.between(SLEEP_MS.from, SLEEP_MS.to));
      await stage.wait(500);
    }
  },
};

export const allAsleep: Scenario = {
  name: 'all asleep',
  what: 'SIGSTOP of all processes at once for some seconds',
  run: (stage) => sleepFor(stage, stage.cluster.nodes, stage.random.between(SLEEP_MS.from, SLEEP_MS.to)),
};

export const longSleep: Scenario = {
  name: 'long sleep',
  what: 'SIGSTOP of a process, or of all, for a minute',
  async run(stage) {
    const { nodes } = stage.cluster;
    const one = nodes[stage.random.index(nodes.length + 1)];
    await sleepFor(stage, one ? [one] : nodes, 60_000);
  },
};

export const takeover: Scenario = {
  name: 'takeover',
  what: 'one of two history replicas sleeps or dies until the other has taken over, then comes back',
  weight: 3,
  histories: 2,
  async run(stage) {
    for (const replica of stage.cluster.histories) {
      if (stage.random.chance(0.5)) await sleepFor(stage, [replica], stage.random.between(2_000, 4_000));
      else await killAndStart(stage, replica, 2_500);
      await stage.wait(stage.random.between(300, 1_500));
    }
  },
};

function anyOf({ cluster, random }: Stage): SupervisedProcess {
  return cluster.nodes[random.index(cluster.nodes.length)] as SupervisedProcess;
}

async function killAndStart(stage: Stage, node: SupervisedProcess, afterMs?: number): Promise<void> {
  await node.kill();
  await stage.wait(afterMs ?? stage.random.between(0, 1_000));
  await node.start();
}

async function sleepFor(stage: Stage, nodes: readonly SupervisedProcess[], ms: number): Promise<void> {
  for (const node of nodes) node.pause();
  await stage.wait(ms);
  for (const node of nodes) node.resume();
}
