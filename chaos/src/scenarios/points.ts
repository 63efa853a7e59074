import type { SupervisedProcess } from '@odograph/cluster/supervised-process';
import { isFault } from '@odograph/kernel/fault';
import { atPoint } from '../links/at-point.ts';
import type { Link } from '../links/link.ts';
import { POINTS, type PointLink, type PointName } from '../links/points.ts';
import type { Verdict } from '../links/protocol.ts';
import type { Scenario, Stage } from '../round/stage.ts';

// Between two steps of an event's way: a process dies, or a message is lost, at just that moment.

/** What happens while the message of a point is on the wire. */
export type Fate = (stage: Stage, place: Place) => Promise<Verdict>;

/** The processes at both ends of the link that a point lies on. */
export interface Place {
  readonly service: SupervisedProcess;
  readonly engine: SupervisedProcess;
  readonly link: Link;
}

const FATES: Readonly<Record<string, Fate>> = {
  'the service dies': async (stage, { service }) => {
    // Long enough for whatever does not wait for this message to go ahead.
    await stage.wait(stage.random.between(0, 200));
    return killed(service);
  },
  'the engine dies': (_, { engine }) => killed(engine),
  'the connection breaks': () => Promise.resolve('cut'),
};

/** NATS and its clients live with a message that is lost; MongoDB's drivers hold TCP to its word. */
const LOST: Fate = () => Promise.resolve('drop');
/** By then whoever waited for an answer to a lost message has sent it again. */
const SENT_AGAIN_MS = 1_500;

/** So that reports of one vehicle are on their way in several envelopes, and could overtake one another. */
const SMALL_ENVELOPES = { ODO_INGEST_ENVELOPE_EVENTS: '3' };

/** How long the load may take to bring the point about. */
const POINT_WITHIN_MS = 15_000;

const atEach = (name: PointName, histories: number): Scenario => ({
  name: histories === 1 ? `at: ${name}` : `at: ${name}, replica`,
  what: `a process dies or a connection breaks at the point "${name}"${histories === 1 ? '' : ', with a replica waiting'}`,
  histories,
  ...(POINTS[name].link === 'ingest-nats' && { env: SMALL_ENVELOPES }),
  async run(stage) {
    const fates = [...Object.values(FATES), ...(POINTS[name].link.endsWith('nats') ? [LOST] : [])];
    for (const fate of shuffled(fates, stage)) {
      await strike(stage, name, fate);
      if (fate === LOST) await stage.wait(SENT_AGAIN_MS);
      await stage.wait(stage.random.between(100, 800));
      await stage.heal();
    }
  },
});

export const points: readonly Scenario[] = (Object.keys(POINTS) as PointName[]).map((name) =>
  atEach(name, 1),
);

/** The owner of a partition dies with what only it knows, and another takes over. */
export const pointsWithReplica: readonly Scenario[] = (
  [
    'insert sent',
    'insert answered',
    'watermark answered',
    'broadcast',
    'flush answered',
    'checkpoint sent',
  ] as const
).map((name) => atEach(name, 2));

/** Waits for the point on any link where it can be, and lets a fate take its course there. */
export async function strike(stage: Stage, name: PointName, fate: Fate): Promise<void> {
  const waiting = new AbortController();
  const after = 1 + stage.random.index(3);
  const strikes = placesOf(stage, POINTS[name].link).map((place) =>
    atPoint(place.link, name, { after, signal: waiting.signal }, () => {
      waiting.abort();
      return fate(stage, place);
    }),
  );
  const late = setTimeout(() => waiting.abort(), POINT_WITHIN_MS);
  const ends = await Promise.allSettled(strikes).finally(() => clearTimeout(late));
  for (const end of ends)
    if (end.status === 'rejected' && !isFault(end.reason, 'CANCELLED')) throw end.reason;
  const isCome = ends.some(({ status }) => status === 'fulfilled');
  stage.expect(`the point "${name}" is come to`, isCome, `not within ${POINT_WITHIN_MS} ms`);
}

function placesOf({ cluster, link }: Stage, where: PointLink): readonly Place[] {
  if (where === 'ingest-nats') {
    return [{ service: cluster.ingest, engine: cluster.nats, link: link('ingest→nats') }];
  }
  const kind = where === 'history-nats' ? 'nats' : 'mongo';
  return cluster.histories.map((service, at) => {
    return { service, engine: cluster[kind], link: link(`history-${at + 1}→${kind}`) };
  });
}

async function killed(node: SupervisedProcess): Promise<Verdict> {
  await node.kill();
  return 'cut';
}

function shuffled<T>(items: readonly T[], { random }: Stage): readonly T[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
