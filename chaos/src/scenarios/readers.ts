import { logSubject } from '@odograph/event-log/nats-subjects';
import type { Frame, Verdict } from '../links/protocol.ts';
import type { Scenario, Stage } from '../round/stage.ts';
import { startFollower } from '../verdict/follower.ts';

// Those who ask and those who follow, at bad moments.

const NOTICED_WITHIN_MS = 5_000;

export const lostBroadcast: Scenario = {
  name: 'lost broadcast',
  what: 'the last broadcasts before a partition falls quiet are lost: its followers notice all the same',
  // The owner tells those in its own process by hand.
  histories: 2,
  async run(stage) {
    const isBroadcast = (frame: Frame) =>
      frame.protocol === 'nats' &&
      frame.payload.length > 200 &&
      [0, 1].some((p) => frame.subject === logSubject(p));
    const links = stage.links.filter(({ name }) => /^history-\d→nats$/.test(name));
    const unwatch = links.map((link) => link.watch((frame) => (isBroadcast(frame) ? 'drop' : 'pass')));
    await stage.wait(1_000);
    await stage.rest();
    for (const end of unwatch) end();
    await stage.viewsReachTheLog(NOTICED_WITHIN_MS);
    stage.goOn();
  },
};

export const crossedFlush: Scenario = {
  name: 'crossed flush',
  what: 'answers to queries are held back between their steps, while flushes go on',
  weight: 2,
  env: { ODO_HISTORY_FLUSH_MS: '50' },
  async run(stage) {
    // Of the status only: flushes ask for samples window by window, and are to go on.
    const isStep = (frame: Frame) =>
      frame.protocol === 'mongo' &&
      frame.request?.command === 'find' &&
      frame.request.collection?.startsWith('status') === true;
    const unwatch = stage.link('history-1→mongo').watch(async (frame): Promise<Verdict> => {
      if (isStep(frame) && stage.random.chance(0.3)) await stage.wait(stage.random.between(20, 600));
      return 'pass';
    });
    await stage.wait(5_000);
    unwatch();
  },
};

export const slowSubscribers: Scenario = {
  name: 'slow subscribers',
  what: 'a subscriber is slow, then stuck, and so are ten others: nobody else is kept waiting, and all see the log',
  async run(stage) {
    const [endpoint = ''] = stage.cluster.endpoints.histories;
    const stuck = Array.from({ length: 10 }, (_, at) => startFollower(`stuck subscriber ${at}`, endpoint));
    for (const follower of stuck) follower.setPace(Number.POSITIVE_INFINITY);
    stage.follower.setPace(50);
    await stage.wait(3_000);
    stage.follower.setPace(Number.POSITIVE_INFINITY);
    await aCalmWhile(stage);
    stage.follower.setPace(0);
    await Promise.all(stuck.map((follower) => follower.stop()));
  },
};

/** Reports are taken and seen as if nothing were. */
async function aCalmWhile(stage: Stage): Promise<void> {
  const sinceMs = performance.now();
  await stage.wait(4_000);
  const batches = stage.batchesSince(sinceMs);
  const faults = batches.flatMap(({ fault }) => fault?.message ?? []);
  stage.expect(
    'stuck subscribers hold up no report',
    batches.length > 10 && faults.length === 0,
    faults.join('; '),
  );
  await stage.viewsReachTheLog(NOTICED_WITHIN_MS);
}
