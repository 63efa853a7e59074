import type { Scenario } from '../round/round.ts';
import { mongoClockAhead, mongoClockBack, serviceClocks } from './clocks.ts';
import { cuts, halfOpen, narrow, slow } from './connections.ts';
import { mongoDiskFull, mongoDiskLow, natsDiskFull } from './disks.ts';
import { streamFull } from './full.ts';
import { mongoAwayLong, mongoAwayShortly, natsAsleep, natsDead } from './outages.ts';
import { lateMessages, points, pointsWithReplica, pointsWithSmallEnvelopes } from './points.ts';
import { poison } from './poison.ts';
import { allAsleep, kills, longSleep, powerCut, sleeps, takeover } from './processes.ts';
import { crossedFlush, lostBroadcast, slowSubscribers } from './readers.ts';
import { streamDeleted, streamPurged, streamRecreated, streamRestored } from './streams.ts';

const calm: Scenario = {
  name: 'calm',
  description: 'no fault: the rules must hold for a platform that is left alone',
  run: (round) => round.wait(2_000),
};

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  calm,
  ...[kills, powerCut, sleeps, allAsleep, longSleep, takeover],
  ...[mongoAwayShortly, mongoAwayLong, natsDead, natsAsleep],
  ...[streamFull, mongoDiskLow, mongoDiskFull, natsDiskFull],
  ...[serviceClocks, mongoClockAhead, mongoClockBack],
  ...[cuts, halfOpen, slow, narrow],
  ...[...points, ...pointsWithSmallEnvelopes, ...pointsWithReplica, ...lateMessages],
  ...[lostBroadcast, crossedFlush, slowSubscribers, poison],
  ...[streamDeleted, streamRecreated, streamPurged, streamRestored],
];
