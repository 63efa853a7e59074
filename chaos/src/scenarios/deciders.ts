import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@odograph/client';
import { type Fault, isFault } from '@odograph/client/fault';
import type { Position } from '@odograph/kernel/position';
import { connectHistory } from '../client/history.ts';
import type { PointName } from '../links/points.ts';
import type { Round, Scenario } from '../round/round.ts';
import { untilAccepted } from './load-answers.ts';
import { injectAt, killService, recreateStreams, shuffled } from './points.ts';

// Callers decide through two replicas of history. Each decision is sent again under its id, to the other replica, until it
// is answered.

/** Many callers change it. */
const SHARED = 'decided-upon';
/** Each of these has one caller, which expects the version of its last answer. */
const ALONE = ['decided-alone-0', 'decided-alone-1'];
const DECIDERS = 6;
/** In a round, each at another step. */
const KILLS = 4;
const ANSWER_WITHIN_MS = 4_000;
const AGAIN_AFTER_MS = 100;
const AT_LEAST_DECISIONS = 10;
const DECIDE_ATTEMPTS = 300;
const READ_ATTEMPTS = 40;
const READ_AGAIN_AFTER_MS = 500;
const REPAIRED_WITHIN_MS = 30_000;

const DECIDED = {
  weight: 2,
  histories: 2,
  // So that the documents of a decision are stored often.
  env: { ODO_HISTORY_FLUSH_MS: '200' },
};
const DECISIONS = ['VehicleRegistered', 'VehicleUpdated', 'VehicleRetired'];

/** The steps of a decision, from the process that decides to the documents on which the next one is made. */
const STEPS: readonly PointName[] = [
  ...(['decision sent', 'decision acknowledged', 'insert sent', 'insert answered', 'broadcast'] as const),
  ...(['registration sent', 'registration answered', 'checkpoint sent'] as const),
];

export const manyDeciders: Scenario = {
  name: 'many deciders',
  description:
    'callers on two replicas change vehicles at the same time; history is killed at each step of a decision',
  ...DECIDED,
  allowedEvents: DECISIONS,
  async run(round) {
    const { nats, mongo, ingest } = round.cluster;
    await whileDeciding(round, async () => {
      for (const step of shuffled(STEPS, round).slice(0, KILLS)) {
        await injectAt(round, step, killService);
        const other = [nats, mongo, ingest][round.random.index(6)];
        await other?.kill();
        await round.wait(round.random.between(0, 300));
        await round.heal();
        await round.wait(round.random.between(300, 1_000));
      }
    });
  },
};

export const decidersOverRepair: Scenario = {
  name: 'many deciders, stream recreated',
  description:
    'callers on two replicas change vehicles at the same time, while the streams are deleted and created again',
  ...DECIDED,
  allowedEvents: [...DECISIONS, 'LogGapFound'],
  async run(round) {
    // Reports that are acknowledged by a stream that is then lost are not promised; decisions are answered from the log.
    await round.drain();
    round.stopQueries();
    await whileDeciding(round, async () => {
      await round.wait(round.random.between(300, 1_500));
      await recreateStreams(round);
      round.resumeLoad();
      await untilAccepted(round, REPAIRED_WITHIN_MS, 'a stream is repaired without help');
    });
  },
};

/** A decision with the version that its caller got, or that the log has. */
interface Decision {
  readonly vehicleId: string;
  readonly id: string;
  readonly version: number;
}

/** What callers got. */
interface Answers {
  readonly made: Decision[];
  /** Ids that were refused as used, of decisions that had been sent before without an answer. */
  readonly forgotten: string[];
  /** Refusals that no rule explains. */
  readonly refused: string[];
}

/** Runs callers until the act has ended, and then checks what they got. */
async function whileDeciding(round: Round, act: () => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const clients = round.cluster.endpoints.histories.map((endpoint) => stack.use(connectHistory(endpoint)));
  const answers: Answers = { made: [], forgotten: [], refused: [] };
  const stop = new AbortController();
  const deciding: Deciding = { clients, answers, signal: stop.signal };
  await decideOnce(deciding, { vehicleId: SHARED, id: 'first' }, (client, options) =>
    client.registerVehicle(SHARED, { fleet: 'chaos' }, options),
  );
  const callers = [
    ...Array.from({ length: DECIDERS }, (_, at) => decideTogether(deciding, at)),
    ...ALONE.map((vehicleId) => decideAlone(deciding, vehicleId)),
  ];
  try {
    await act();
    await round.wait(1_000);
  } finally {
    stop.abort();
    await Promise.all(callers);
  }
  const logged = await Promise.all([SHARED, ...ALONE].map((vehicleId) => decisionsInLog(clients, vehicleId)));
  checkAnswers(round, answers, logged.flat());
  for (const decisions of logged) await checkVersions(round, decisions, clients);
}

interface Deciding {
  /** One of each replica. */
  readonly clients: readonly Client[];
  readonly answers: Answers;
  readonly signal: AbortSignal;
}

/** Makes one decision after the other about a vehicle that others change, too: each is the next version, whatever that is. */
async function decideTogether(deciding: Deciding, at: number): Promise<void> {
  for (let count = 0; !deciding.signal.aborted; count += 1) {
    const id = `decider-${at}/${count}`;
    await decideOnce(
      { ...deciding, clients: at % 2 ? deciding.clients.toReversed() : deciding.clients },
      { vehicleId: SHARED, id, isAllowed: (fault) => isFault(fault, 'VERSION_CONFLICT') },
      (client, options) => client.updateVehicle(SHARED, { displayName: id }, options),
    );
  }
}

/** Registers and retires a vehicle in turns, through the replicas in turns. It is never refused. */
async function decideAlone(deciding: Deciding, vehicleId: string): Promise<void> {
  let expectedVersion = 0;
  for (let count = 0; !deciding.signal.aborted; count += 1) {
    const clients = count % 2 ? deciding.clients.toReversed() : deciding.clients;
    const decision = { vehicleId, id: `${vehicleId}/${count}` };
    const version = await decideOnce({ ...deciding, clients }, decision, (client, options) =>
      count % 2
        ? client.retireVehicle(vehicleId, { ...options, expectedVersion })
        : client.registerVehicle(vehicleId, {}, { ...options, expectedVersion }),
    );
    if (version === undefined) return;
    expectedVersion = version;
  }
}

interface Asked extends Omit<Decision, 'version'> {
  /** Whether the decision may be refused like this, and is sent again. */
  readonly isAllowed?: (fault: Fault) => boolean;
}

type Ask = (
  client: Client,
  options: { readonly decisionId: string; readonly deadlineMs: number },
) => Promise<{ readonly version: number }>;

/**
 * The version after a decision; undefined if it was refused. It is sent until it is answered, also when callers are to stop: or it
 * could come into the log after that is read.
 */
async function decideOnce(
  { clients, answers }: Deciding,
  { vehicleId, id, isAllowed = () => false }: Asked,
  ask: Ask,
): Promise<number | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const client = clients[attempt % clients.length] as Client;
      const { version } = await ask(client, { decisionId: id, deadlineMs: ANSWER_WITHIN_MS });
      answers.made.push({ vehicleId, id, version });
      return version;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (attempt > 0 && isUsedId(error)) {
        answers.forgotten.push(id);
        return undefined;
      }
      const isFinal = !isPassing(error) && !isAllowed(error);
      if (isFinal || attempt === DECIDE_ATTEMPTS) {
        answers.refused.push(`${id}: ${error.code} ${error.message}`);
        return undefined;
      }
      await delay(AGAIN_AFTER_MS);
    }
  }
}

const isPassing = (fault: Fault): boolean => isFault(fault, 'UNAVAILABLE', 'OVERLOADED', 'DEADLINE');
const isUsedId = ({ findings }: Fault): boolean => findings.some(({ reason }) => reason === 'REUSED');

interface LoggedDecision extends Decision {
  readonly position: Position;
}

async function decisionsInLog(
  [client]: readonly Client[],
  vehicleId: string,
): Promise<readonly LoggedDecision[]> {
  const events = await onceItAnswers(() =>
    Array.fromAsync((client as Client).readLog({ subject: vehicleId })),
  );
  return events.map(({ position, event: { reportId: id, aggregateVersion: version = 0 } }) => {
    return { vehicleId, id, version, position };
  });
}

/** A replica that was killed last may not answer at once. */
async function onceItAnswers<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === READ_ATTEMPTS || !isFault(error) || !isPassing(error)) throw error;
      await delay(READ_AGAIN_AFTER_MS);
    }
  }
}

function checkAnswers(round: Round, { made, forgotten, refused }: Answers, log: readonly Decision[]): void {
  const byId = new Map(log.map(({ id, version }) => [id, version]));
  round.expect('a decision is in the log once', byId.size === log.length, `${log.length - byId.size} more`);
  const wrong = made.filter(({ id, version }) => byId.get(id) !== version);
  const shown = wrong.map(({ id, version }) => `${id} was answered ${version}, the log has ${byId.get(id)}`);
  round.expect('an answered decision is in the log with its version', wrong.length === 0, shown.join('; '));
  const missing = forgotten.filter((id) => !byId.has(id));
  round.expect('an id is refused as used only if the log has it', missing.length === 0, missing.join('; '));
  const some = refused.slice(0, 5).join('; ');
  round.expect('a decision is refused only for what the log has', refused.length === 0, some);
  const isEnough = made.length >= AT_LEAST_DECISIONS;
  round.expect('decisions are made between faults', isEnough, `only ${made.length} were answered`);
}

/** Of one vehicle, in the log and in the folded state of each replica. */
async function checkVersions(
  round: Round,
  log: readonly LoggedDecision[],
  clients: readonly Client[],
): Promise<void> {
  const versions = log.map(({ version }) => version);
  const expected = log.map((_, at) => at + 1);
  const isWhole = versions.join() === expected.join();
  round.expect('the versions of an aggregate have no hole and no double', isWhole, versions.join());
  const last = log.at(-1);
  if (!last) return;
  for (const client of clients) {
    const options = { atLeast: last.position, deadlineMs: ANSWER_WITHIN_MS };
    const { vehicle } = await onceItAnswers(() => client.vehicle(last.vehicleId, options));
    const shown = `${last.vehicleId} has version ${vehicle.version}, the log ${last.version}`;
    const isLast = vehicle.version === last.version && vehicle.parkedAt === undefined;
    round.expect('every replica has the last version of an aggregate', isLast, shown);
  }
}
