import { jetstreamManager } from '@nats-io/jetstream';
import type { SupervisedProcess } from '@odograph/cluster/supervised-process';
import { streamName } from '@odograph/event-log/nats-subjects';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { connectHistory } from '../client/history.ts';
import { withNats } from '../client/with-nats.ts';
import { atPoint } from '../links/at-point.ts';
import type { FrameAction } from '../links/frames.ts';
import type { Link } from '../links/link.ts';
import { isPointOfDecision, POINTS, type PointLink, type PointName } from '../links/points.ts';
import type { Round, Scenario } from '../round/round.ts';
import { untilAccepted } from './load-answers.ts';

// Faults between two steps of an event, exactly while the message of a point is on the wire.

/** A fault at a point. It returns what the link does with the message. */
type PointFault = (round: Round, ends: LinkEnds) => Promise<FrameAction>;

/** The link of a point and the processes at its ends. */
interface LinkEnds {
  readonly service: SupervisedProcess;
  readonly engine: SupervisedProcess;
  readonly link: Link;
}

export const killService: PointFault = async (round, { service }) => {
  // Work that does not wait for this message continues: an acknowledgement that comes too early reaches its caller.
  await round.wait(round.random.between(50, 250));
  return await killed(service);
};

const FAULTS: readonly PointFault[] = [
  killService,
  async function killEngine(_, { engine }) {
    return await killed(engine);
  },
  function breakConnection() {
    return Promise.resolve('cut');
  },
];

/** Only for NATS, whose clients expect lost messages; MongoDB's drivers rely on TCP to lose none. */
const loseMessage: PointFault = () => Promise.resolve('drop');
/** After this time the sender of a lost message has sent it again. */
const SENT_AGAIN_MS = 1_500;

/** How long it may take until the load reaches the point. */
const POINT_WITHIN_MS = 15_000;

/** So that reports come again after the ledger lost something: each about five times. */
const OFTEN_REPEATED = 0.8;
const isOfLedger = (name: PointName): boolean => name.startsWith('ledger');

/** Further kills while views are stored: after every other fault, history stores again what it still has in memory. */
const FLUSH_KILLS = 2;
const isOfFlush = (name: PointName): boolean => name.startsWith('flush');

type Variant = Required<Pick<Scenario, 'histories' | 'env'>> & {
  /** What differs, as an end of the scenario's name and of its description. */
  readonly suffix: string;
  readonly difference: string;
  /** How often a message is lost, where the link may lose one. */
  readonly losses: number;
};

/** So that the ledger is stored several times in a round. */
const QUICK_LEDGER = { ODO_HISTORY_LEDGER_MS: '600' };

const PLAIN: Variant = { histories: 1, env: QUICK_LEDGER, suffix: '', difference: '', losses: 1 };

const WITH_REPLICA: Variant = {
  ...{ histories: 2, env: QUICK_LEDGER, losses: 1 },
  ...{ suffix: ', replica', difference: ', with a second replica of history' },
};

/** The reports of one vehicle are in several envelopes at the same time: one that is lost could be overtaken. */
const SMALL_ENVELOPES: Variant = {
  ...{ histories: 1, env: { ODO_INGEST_ENVELOPE_EVENTS: '3' }, losses: 4 },
  ...{ suffix: ', small envelopes', difference: ', with at most 3 events in an envelope' },
};

const at = (name: PointName, { suffix, difference, histories, env, losses }: Variant): Scenario => ({
  name: `at: ${name}${suffix}`,
  description: `a process is killed or a connection breaks at the point "${name}"${difference}`,
  ...{ histories, env, ...(isOfLedger(name) && { repeatOdds: OFTEN_REPEATED }) },
  async run(round) {
    const lost = POINTS[name].link.endsWith('nats') ? Array<PointFault>(losses).fill(loseMessage) : [];
    const kills = isOfFlush(name) ? Array<PointFault>(FLUSH_KILLS).fill(killService) : [];
    const faults = [...FAULTS, ...lost, ...kills];
    for (const fault of shuffled(faults, round)) {
      await injectAt(round, name, fault);
      if (fault === loseMessage) await round.wait(SENT_AGAIN_MS);
      await round.wait(round.random.between(100, 800));
      await round.heal();
    }
  },
});

/** The points that reports pass. */
const names = (Object.keys(POINTS) as PointName[]).filter((name) => !isPointOfDecision(name));

export const points: readonly Scenario[] = names.map((name) => at(name, PLAIN));

export const pointsWithSmallEnvelopes: readonly Scenario[] = (
  ['envelope sent', 'envelope acknowledged'] as const
).map((name) => at(name, SMALL_ENVELOPES));

/** The owner of a partition is killed with what only it knows, and another replica takes over. */
export const pointsWithReplica: readonly Scenario[] = (
  [
    'insert sent',
    'insert answered',
    'ledger sent',
    'ledger checkpoint sent',
    'broadcast',
    'flush answered',
    'checkpoint sent',
  ] as const
).map((name) => at(name, WITH_REPLICA));

/** The owner is paused with its message on the wire, which arrives after another replica has taken over. */
const delayMessage: PointFault = async (round, { service }) => {
  service.pause();
  await round.wait(round.random.between(2_500, 4_500));
  service.resume();
  return 'pass';
};

const late = (name: PointName): Scenario => ({
  name: `late: ${name}`,
  description: `an owner is paused at the point "${name}", and its message arrives after another has taken over`,
  weight: 0.5,
  histories: 2,
  // So that the new owner has stored something by then.
  env: { ODO_HISTORY_FLUSH_MS: '100', ...QUICK_LEDGER },
  async run(round) {
    for (let count = 2; count > 0; count -= 1) {
      await injectAt(round, name, delayMessage);
      await round.wait(round.random.between(300, 1_500));
    }
  },
});

export const lateMessages: readonly Scenario[] = (
  ['insert sent', 'ledger sent', 'broadcast', 'flush sent', 'checkpoint sent'] as const
).map(late);

/** A batch of an owner arrives after another owner has taken over and repaired the stream, and appended after the same envelope. */
export const lateOverRepair: Scenario = {
  name: 'late over a repair',
  description:
    'an owner is paused with an insert on the wire, another takes over and finds the stream recreated; then the insert arrives',
  histories: 2,
  allowedEvents: ['LogGapFound'],
  async run(round) {
    round.stopQueries();
    await injectAt(round, 'insert sent', async (_, { service }) => {
      service.pause();
      round.destroyAbove(await headsOf(round, service));
      await recreateStreams(round);
      await untilAccepted(round, TAKEN_OVER_WITHIN_MS, 'another owner repairs the stream');
      service.resume();
      return 'pass';
    });
    await round.wait(2_000);
  },
};

/** The ends of the log, as another replica than the given one sees them. */
async function headsOf({ cluster }: Round, paused: SupervisedProcess): Promise<readonly Position[]> {
  using history = connectHistory(cluster.directEndpoints[cluster.histories[0] === paused ? 1 : 0] ?? '');
  const partitions = await history.describeLog();
  return partitions.flatMap(({ watermark }) => watermark ?? []);
}

/** The lease runs out, the stream is repaired, and the gap is in the log. */
const TAKEN_OVER_WITHIN_MS = 30_000;

/** Deletes every stream, and creates it again with the same name. */
export async function recreateStreams({ cluster, partitionCount }: Round): Promise<void> {
  await withNats(cluster.urls.nats, async (nats) => {
    const { streams } = await jetstreamManager(nats);
    for (let partition = 0; partition < partitionCount; partition += 1) {
      const { config } = await streams.info(streamName(partition));
      await streams.delete(streamName(partition));
      await streams.add(config);
    }
  });
}

/** Waits for the point on every link that has it, and injects the fault at the first that reaches it. */
export async function injectAt(round: Round, name: PointName, fault: PointFault): Promise<void> {
  const waiting = new AbortController();
  const after = 1 + round.random.index(3);
  const attempts = endsOf(round, POINTS[name].link).map((ends) =>
    atPoint(ends.link, name, { after, signal: waiting.signal }, () => {
      waiting.abort();
      return fault(round, ends);
    }),
  );
  const timeout = setTimeout(() => waiting.abort(), POINT_WITHIN_MS);
  const results = await Promise.allSettled(attempts).finally(() => clearTimeout(timeout));
  for (const result of results)
    if (result.status === 'rejected' && !isFault(result.reason, 'CANCELLED')) throw result.reason;
  const isReached = results.some(({ status }) => status === 'fulfilled');
  round.expect(`the point "${name}" is reached`, isReached, `not within ${POINT_WITHIN_MS} ms`);
}

function endsOf({ cluster, link }: Round, on: PointLink): readonly LinkEnds[] {
  if (on === 'ingest-nats') {
    return [{ service: cluster.ingest, engine: cluster.nats, link: link('ingest→nats') }];
  }
  const kind = on === 'history-nats' ? 'nats' : 'mongo';
  return cluster.histories.map((service, at) => {
    return { service, engine: cluster[kind], link: link(`history-${at + 1}→${kind}`) };
  });
}

async function killed(node: SupervisedProcess): Promise<FrameAction> {
  await node.kill();
  return 'cut';
}

export function shuffled<T>(items: readonly T[], { random }: Round): readonly T[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
