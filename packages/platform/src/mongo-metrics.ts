import type { Meter } from '@opentelemetry/api';
import type { CommandStartedEvent, MongoClient } from 'mongodb';
import { counter, labelledGauge, latencyHistogram } from './metrics.ts';

/** Measures the pool and the commands of a client, with the names of the OpenTelemetry semantic conventions for databases. */
export function measureMongo(client: MongoClient, poolName: string, meter: Meter): void {
  measurePool(client, { ...SYSTEM, 'db.client.connection.pool.name': poolName }, meter);
  measureCommands(client, meter);
}

const SYSTEM = { 'db.system.name': 'mongodb' } as const;

type Labels = Readonly<Record<string, string>>;

function measurePool(client: MongoClient, pool: Labels, meter: Meter): void {
  let [open, used, waiting] = [0, 0, 0];
  const waits = latencyHistogram(
    meter,
    'db.client.connection.wait_time',
    'How long operations waited for a connection.',
  );
  const refusals = counter(
    meter,
    'db.client.connection.timeouts',
    '{timeout}',
    'Operations that were refused because no connection became free in time.',
  );
  refusals.add(0, pool);
  client.on('connectionCreated', () => (open += 1));
  client.on('connectionClosed', () => (open -= 1));
  client.on('connectionCheckOutStarted', () => (waiting += 1));
  client.on('connectionCheckedOut', ({ durationMS }) => {
    waiting -= 1;
    used += 1;
    waits.record(durationMS / 1_000, pool);
  });
  client.on('connectionCheckOutFailed', ({ reason, durationMS }) => {
    waiting -= 1;
    waits.record(durationMS / 1_000, pool);
    if (reason === 'timeout') refusals.add(1, pool);
  });
  client.on('connectionCheckedIn', () => (used -= 1));
  const [count, pending] = ['db.client.connection.count', 'db.client.connection.pending_requests'];
  labelledGauge(meter, count, '{connection}', 'Connections, by state.', (result) => {
    result.observe(used, { ...pool, 'db.client.connection.state': 'used' });
    result.observe(open - used, { ...pool, 'db.client.connection.state': 'idle' });
  });
  labelledGauge(meter, pending, '{request}', 'Operations that wait for a connection.', (result) =>
    result.observe(waiting, pool),
  );
}

interface Command {
  readonly startedAtMs: number;
  readonly labels: Labels;
}

/** Measures durations itself, because the durations of the driver are whole milliseconds. */
function measureCommands(client: MongoClient, meter: Meter): void {
  const durations = latencyHistogram(meter, 'db.client.operation.duration', 'How long commands took.');
  const running = new Map<number, Command>();
  const end = (requestId: number, outcome: Labels) => {
    const command = running.get(requestId);
    if (!command) return;
    running.delete(requestId);
    durations.record((performance.now() - command.startedAtMs) / 1_000, { ...command.labels, ...outcome });
  };
  client.on('commandStarted', (event) =>
    running.set(event.requestId, { startedAtMs: performance.now(), labels: labelsOf(event) }),
  );
  client.on('commandSucceeded', ({ requestId }) => end(requestId, {}));
  client.on('commandFailed', ({ requestId, failure }) => end(requestId, { 'error.type': failure.name }));
}

/** The field with the name of the command holds the collection; for `getMore` it is the field `collection`. */
function labelsOf({ commandName, command }: CommandStartedEvent): Labels {
  const collection: unknown = commandName === 'getMore' ? command['collection'] : command[commandName];
  const label = typeof collection === 'string' ? { 'db.collection.name': collection } : {};
  return { ...SYSTEM, 'db.operation.name': commandName, ...label };
}
