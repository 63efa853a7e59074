import type { Scenario } from '../round/stage.ts';
import { calm } from './calm.ts';
import { mongoClockAhead, mongoClockBack, serviceClocks } from './clocks.ts';
import { cuts, halfOpen, narrow, slow } from './connections.ts';
import { mongoDiskFull, mongoDiskLow, natsDiskFull } from './disks.ts';
import { streamFull } from './full.ts';
import { lateMessages } from './late.ts';
import { mongoAwayLong, mongoAwayShortly, natsAsleep, natsDead } from './outages.ts';
import { points, pointsWithReplica } from './points.ts';
import { poison } from './poison.ts';
import { allAsleep, kills, longSleep, powerCut, sleeps, takeover } from './processes.ts';
import { crossedFlush, lostBroadcast, slowSubscribers } from './readers.ts';
import { streamDeleted, streamMadeAnew, streamPurged, streamRestored } from './streams.ts';

/** All that can happen to the platform here. */
export const SCENARIOS: readonly Scenario[] = [
  calm,
  ...[kills, powerCut, sleeps, allAsleep, longSleep, takeover],
  ...[mongoAwayShortly, mongoAwayLong, natsDead, natsAsleep],
  ...[streamFull, mongoDiskLow, mongoDiskFull, natsDiskFull],
  ...[serviceClocks, mongoClockAhead, mongoClockBack],
  ...[cuts, halfOpen, slow, narrow],
  ...[...points, ...pointsWithReplica, ...lateMessages],
  ...[lostBroadcast, crossedFlush, slowSubscribers, poison],
  ...[streamDeleted, streamMadeAnew, streamPurged, streamRestored],
];
