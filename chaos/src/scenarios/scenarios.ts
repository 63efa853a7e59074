import type { Scenario } from '../round/round.ts';
import { alertingCrashes } from './alerting.ts';
import { cacheRaces } from './cache-races.ts';
import { calm } from './calm.ts';
import { mongoClockAhead, mongoClockBack, serviceClocks } from './clocks.ts';
import { cuts, halfOpen, narrow, slow } from './connections.ts';
import { decidersOverRepair, manyDeciders } from './deciders.ts';
import { mongoDiskFull, mongoDiskLow, natsDiskFull } from './disks.ts';
import { streamFull } from './full.ts';
import { mongoAwayLong, mongoAwayShortly, natsAsleep, natsDead } from './outages.ts';
import {
  lateMessages,
  lateOverRepair,
  points,
  pointsWithReplica,
  pointsWithSmallEnvelopes,
} from './points.ts';
import { poison } from './poison.ts';
import { allAsleep, kills, longSleep, powerCut, sleeps, takeover } from './processes.ts';
import { crossedFlush, forgedBroadcasts, lostBroadcast, slowSubscribers } from './readers.ts';
import { redisFails } from './redis-fails.ts';
import { streamDeleted, streamPurged, streamRecreated, streamRestored } from './streams.ts';

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  calm,
  ...[kills, powerCut, sleeps, allAsleep, longSleep, takeover],
  ...[mongoAwayShortly, mongoAwayLong, natsDead, natsAsleep],
  ...[streamFull, mongoDiskLow, mongoDiskFull, natsDiskFull],
  ...[serviceClocks, mongoClockAhead, mongoClockBack],
  ...[cuts, halfOpen, slow, narrow],
  ...[...points, ...pointsWithSmallEnvelopes, ...pointsWithReplica, ...lateMessages, lateOverRepair],
  ...[
    lostBroadcast,
    forgedBroadcasts,
    crossedFlush,
    slowSubscribers,
    poison,
    manyDeciders,
    decidersOverRepair,
  ],
  ...[streamDeleted, streamRecreated, streamPurged, streamRestored],
  ...[redisFails, cacheRaces],
  alertingCrashes,
];
