import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@odograph/client';
import { isFault } from '@odograph/client/fault';
import { connectHistory } from '../client/history.ts';
import type { Round, Scenario } from '../round/round.ts';

const VEHICLE = 'decided-upon';
const DECIDERS = 6;
const KILLS = 4;
const ANSWER_WITHIN_MS = 4_000;
const AGAIN_AFTER_MS = 100;
const AT_LEAST_DECISIONS = 10;
const READ_ATTEMPTS = 40;
const READ_AGAIN_AFTER_MS = 500;

export const manyDeciders: Scenario = {
  name: 'many deciders',
  description: 'callers on two replicas change one vehicle at the same time, while processes are killed',
  weight: 2,
  histories: 2,
  allowedEvents: ['VehicleRegistered', 'VehicleUpdated'],
  async run(round) {
    const { endpoints, histories, nats, mongo, ingest } = round.cluster;
    const stop = new AbortController();
    const deciding = Array.from({ length: DECIDERS }, (_, at) => {
      const endpoint = endpoints.histories[at % endpoints.histories.length] ?? '';
      return decideUntil(stop.signal, endpoint, `decider-${at}`);
    });
    const nodes = [...histories, ...histories, nats, mongo, ingest];
    for (let count = 0; count < KILLS; count += 1) {
      await round.wait(round.random.between(300, 1_500));
      await nodes[round.random.index(nodes.length)]?.kill();
      await round.wait(round.random.between(0, 300));
      await round.heal();
    }
    await round.wait(1_000);
    stop.abort();
    const answers = (await Promise.all(deciding)).flat();
    checkDecisions(round, answers, await decisionsInLog(endpoints.histories[0] ?? ''));
  },
};

/** A decision with the version that its caller was told, or that the log has. */
interface Decision {
  readonly id: string;
  readonly version: number;
}

/** Makes one decision after the other. Each is sent again under its id until it is answered. */
async function decideUntil(signal: AbortSignal, endpoint: string, name: string): Promise<Decision[]> {
  using client = connectHistory(endpoint);
  const answers: Decision[] = [];
  for (let count = 0; !signal.aborted; count += 1) {
    const id = `${name}/${count}`;
    const version = await decideAgain(signal, client, id);
    if (version !== undefined) answers.push({ id, version });
  }
  return answers;
}

/** The version after the decision; undefined if the signal was aborted before an answer came. */
async function decideAgain(signal: AbortSignal, client: Client, id: string): Promise<number | undefined> {
  const options = { decisionId: id, deadlineMs: ANSWER_WITHIN_MS };
  while (!signal.aborted) {
    try {
      return (await client.updateVehicle(VEHICLE, { displayName: id }, options)).version;
    } catch (error) {
      if (isFault(error, 'NOT_FOUND')) await register(client);
      else if (!isFault(error)) throw error;
      await delay(AGAIN_AFTER_MS);
    }
  }
  return undefined;
}

/** The first decision. Whether it was answered does not matter: the next update finds the vehicle, or registers it again. */
async function register(client: Client): Promise<void> {
  const options = { decisionId: 'first', deadlineMs: ANSWER_WITHIN_MS };
  try {
    await client.registerVehicle(VEHICLE, { fleet: 'chaos' }, options);
  } catch (error) {
    if (!isFault(error)) throw error;
  }
}

/** A replica that was killed last may not answer at once. */
async function decisionsInLog(endpoint: string): Promise<readonly Decision[]> {
  using history = connectHistory(endpoint);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const events = await Array.fromAsync(history.readLog({ subject: VEHICLE }));
      return events.map(({ event: { reportId: id, aggregateVersion = 0 } }) => ({
        id,
        version: aggregateVersion,
      }));
    } catch (error) {
      if (attempt === READ_ATTEMPTS || !isFault(error, 'UNAVAILABLE')) throw error;
      await delay(READ_AGAIN_AFTER_MS);
    }
  }
}

function checkDecisions(round: Round, answers: readonly Decision[], log: readonly Decision[]): void {
  const versions = log.map(({ version }) => version);
  const expected = log.map((_, at) => at + 1);
  round.expect(
    'the versions of an aggregate have no hole and no double',
    versions.join() === expected.join(),
    versions.join(),
  );
  const ids = new Set(log.map(({ id }) => id));
  round.expect('a decision is in the log once', ids.size === log.length, `${log.length - ids.size} more`);
  const byId = new Map(log.map(({ id, version }) => [id, version]));
  const wrong = answers.filter(({ id, version }) => byId.get(id) !== version);
  const shown = wrong.map(({ id, version }) => `${id} was answered ${version}, the log has ${byId.get(id)}`);
  round.expect('an answered decision is in the log with its version', wrong.length === 0, shown.join('; '));
  const isEnough = answers.length >= AT_LEAST_DECISIONS;
  round.expect('decisions are made between faults', isEnough, `only ${answers.length} were answered`);
}
