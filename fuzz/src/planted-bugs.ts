import { rm } from 'node:fs/promises';
import { platformServices, type ServiceName } from '@odograph/cluster/services';
import { invariant } from '@odograph/kernel/fault';
import { type PlantedBug, plantedEnv } from '@odograph/testing/planted-bug';
import { drawInput, SCRIPTS } from './inputs/input.ts';
import { runFuzz } from './run.ts';

export interface FuzzBug extends PlantedBug {
  readonly service: ServiceName;
  /** The rule that it breaks. */
  readonly breaks: string;
  /** A script that must find it; without one, the first messages must. */
  readonly caughtBy?: string;
}

export const PLANTED_BUGS: readonly FuzzBug[] = [
  {
    name: 'a follower for each name of a partition',
    description: 'a partition that a subscriber names 100,000 times is followed 100,000 times',
    service: 'history',
    file: 'services/history/src/api/event-log-service.ts',
    find: 'new Set(partitions)',
    replace: 'partitions',
    breaks: 'the canary is served',
    caughtBy: 'repeated fields, history',
  },
  {
    name: 'the mistake of a caller is ours',
    description: 'bytes that cannot be decoded are answered with INTERNAL',
    service: 'history',
    file: 'packages/platform/src/grpc/decode.ts',
    find: 'throw undecodable(path, bytes, cause);',
    replace: 'throw cause;',
    breaks: 'no answer is INTERNAL or UNKNOWN: status 13, "internal error',
  },
  {
    name: 'an id that ends the process',
    description: 'an error behind the answer, at a vehicle id that looks like an operator, is not caught',
    service: 'history',
    file: 'packages/platform/src/grpc/request-checks.ts',
    find: '  if (isVehicleId(vehicleId)) return vehicleId;',
    replace: `  if (vehicleId.includes('$')) setImmediate(() => { throw new Error('an id'); });
  if (isVehicleId(vehicleId)) return vehicleId;`,
    breaks: 'no process ends',
  },
  {
    name: 'headers of any size',
    description: 'grpc-js makes an object of each comma in a binary header',
    service: 'history',
    file: 'packages/platform/src/grpc/server.ts',
    find: '  requestHeaders.guard(server);',
    replace: '',
    breaks: 'the canary is served',
    caughtBy: 'binary headers that HPACK repeats, history',
  },
  {
    name: 'a library that logs',
    description: 'grpc-js logs headers that it cannot read',
    service: 'ingest',
    file: 'packages/platform/src/grpc/server.ts',
    find: 'setLogVerbosity(logVerbosity.NONE);',
    replace: '',
    breaks: 'callers do not fill the log',
    caughtBy: 'headers that a library would log, ingest',
  },
  {
    name: 'requests that take any memory',
    description: 'what calls and their requests hold has no bound',
    service: 'ingest',
    file: 'packages/platform/src/grpc/request-memory.ts',
    find: 'new FairShare<string>(maxBytes)',
    replace: 'new FairShare<string>(Number.POSITIVE_INFINITY)',
    breaks: 'the memory of ingest is bounded',
    caughtBy: 'watches of names that gzip makes short, from two clients, ingest',
  },
  {
    name: 'all that has come is read at once',
    description: 'a turn of the event loop reads what one client has sent on all its connections',
    service: 'ingest',
    file: 'packages/platform/src/grpc/stream-guard.ts',
    find: '      turns.open(session, socket);',
    replace: '',
    breaks: 'the canary is served',
    caughtBy: 'calls on very many connections at once, ingest',
  },
  {
    name: 'requests that outlive their calls',
    description: 'a server keeps what streams were asked, as bytes and decoded',
    service: 'ingest',
    file: 'packages/platform/src/grpc/answer.ts',
    find: 'await sendAll(method.handler(decode<Request>(decoder, call.request), open.context), call, open);',
    replace: `const request = decode<Request>(decoder, call.request);
      Reflect.set(globalThis, performance.now(), [request, call.request]);
      await sendAll(method.handler(request, open.context), call, open);`,
    breaks: 'memory comes back within 60 s, ingest',
    caughtBy: 'watches of names that gzip makes short, from two clients, ingest',
  },
];

const MESSAGES = 3_000;

/** What a platform with the bug did that its rule forbids. Empty: the bug was not caught. */
export async function seenOf(bug: FuzzBug, seed: number): Promise<readonly string[]> {
  const script = SCRIPTS.findIndex(({ name }) => name === bug.caughtBy);
  const [first, count] = script < 0 ? [SCRIPTS.length, MESSAGES] : [script, 1];
  const inputs = Array.from({ length: count }, (_, at) => drawInput(seed, first + at));
  const service = platformServices.find(({ name }) => name === bug.service);
  invariant(service, `there is no service ${bug.service}`);
  const { violations, keptIn } = await runFuzz({ inputs, env: plantedEnv({ ...bug, main: service.main }) });
  if (keptIn !== undefined) await rm(keptIn, { recursive: true, force: true });
  return violations
    .map(({ rule, detail }) => `${rule}: ${detail}`)
    .filter((seen) => seen.startsWith(bug.breaks));
}
