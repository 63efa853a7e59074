import { ReadRequest, SubscribeRequest } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { ListParkedRequest } from '@odograph/contracts/generated/odograph/history/v1/projections';
import {
  GetStatusRequest,
  ListSamplesRequest,
  ListSamplesResponse,
  ListStatusRequest,
  ListStatusResponse,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import {
  ListRequest,
  RegisterRequest,
  RetireRequest,
  UpdateRequest,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_registry';
import type { Random } from '@odograph/kernel/random';
import { frameMessage } from '../messages/framing.ts';
import { MUTATION_NAMES, mutate } from '../messages/mutation.ts';
import { SOME_TIME_MS, vehicleId } from '../messages/values.ts';
import { judgeAnswers } from '../verdict/judge-answer.ts';
import type { Broken } from '../verdict/violation.ts';
import { type Answer, type Call, call } from '../wire/call.ts';
import type { Script, Target } from './input.ts';
import { makeReport, sendReports } from './reports.ts';

const LOG = '/odograph.history.v1.EventLog';
const HISTORY = '/odograph.history.v1.VehicleHistory';
const REGISTRY = '/odograph.history.v1.VehicleRegistry';
const PARKED = '/odograph.history.v1.Projections/ListParked';
const TWO_HOURS_MS = 7_200_000;
const DEADLINE_MS = 5_000;

/** For names that no input had before: what is sent again costs less. */
let lastFresh = 0;
function fresh(): number {
  lastFresh += 1;
  return lastFresh;
}

type Asked = Partial<Call> & { readonly path: string; readonly message: Uint8Array };

/** Asks history on one of the connections that inputs share. */
function ask({ servers, lag }: Target, { message, ...request }: Asked): Promise<Answer> {
  const bytes = frameMessage(message);
  return call(servers.history.session(), lag, { bytes, deadlineMs: DEADLINE_MS, ...request });
}

/** The same many times, at the same time. */
async function askMany(
  target: Target,
  count: number,
  asked: (at: number) => Asked,
): Promise<readonly Broken[]> {
  const answers = await Promise.all(Array.from({ length: count }, (_, at) => ask(target, asked(at))));
  return brokenBy(answers);
}

const brokenBy = (answers: readonly Answer[]) => judgeAnswers(...answers);

/** An answer's first message, without its head. */
async function firstMessage(target: Target, asked: Asked): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await ask(target, { ...asked, onData: (bytes) => void chunks.push(bytes) });
  return Buffer.concat(chunks).subarray(5);
}

const subscribers: Script = {
  name: 'many subscribers from the start',
  run: (target) => {
    const message = SubscribeRequest.encode(SubscribeRequest.fromPartial({})).finish();
    return askMany(target, 500, () => ({ path: `${LOG}/Subscribe`, message, deadlineMs: 2_000 }));
  },
};

const stoppedReads: Script = {
  name: 'Reads that stop reading',
  run: (target, random) => {
    const message = ReadRequest.encode(ReadRequest.fromPartial({})).finish();
    return askMany(target, 300, () => ({
      ...{ path: `${LOG}/Read`, message, deadlineMs: 3_000 },
      reads: 1 + random.index(100_000),
    }));
  },
};

/** The tokens of one list, whole and damaged, for all lists and for other vehicles. */
const foreignTokens: Script = {
  name: 'pages with foreign tokens',
  async run(target, random) {
    const token = await aToken(target, random);
    return await askMany(target, 200, () => {
      const damaged = mutate(random.pick(MUTATION_NAMES.slice(0, 4) as [string]), Buffer.from(token), random);
      const pageToken = random.chance(0.3) ? token : Buffer.from(damaged).toString('latin1');
      const page = { pageToken, pageSize: 1 + random.index(1_000) };
      return random.pick<Asked>([
        { path: `${HISTORY}/ListStatus`, message: encoded(ListStatusRequest, page) },
        {
          path: `${HISTORY}/ListSamples`,
          message: encoded(ListSamplesRequest, { ...page, vehicleId: vehicleId(random) }),
        },
        {
          path: `${REGISTRY}/List`,
          message: encoded(ListRequest, { ...page, text: random.pick(['', 'fuzz']) }),
        },
        { path: PARKED, message: encoded(ListParkedRequest, page) },
      ]);
    });
  },
};

async function aToken(target: Target, random: Random): Promise<string> {
  if (random.chance(0.5)) {
    const page = encoded(ListStatusRequest, { pageSize: 1 });
    const bytes = await firstMessage(target, { path: `${HISTORY}/ListStatus`, message: page });
    return ListStatusResponse.decode(bytes).nextPageToken;
  }
  const page = encoded(ListSamplesRequest, { pageSize: 1, vehicleId: 'large-1' });
  const bytes = await firstMessage(target, { path: `${HISTORY}/ListSamples`, message: page });
  return ListSamplesResponse.decode(bytes).nextPageToken;
}

interface Encoder<T> {
  encode(message: T): { finish(): Uint8Array };
  fromPartial(partial: object): T;
}

const encoded = <T>(type: Encoder<T>, partial: object): Uint8Array =>
  type.encode(type.fromPartial(partial)).finish();

const parkedLoops: Script = {
  name: 'ListParked in loops',
  async run(target) {
    const broken: Broken[] = [];
    for (let round = 0; round < 20; round += 1)
      broken.push(...(await askMany(target, 64, () => ({ path: PARKED, message: Buffer.alloc(0) }))));
    return broken;
  },
};

const decisions: Script = {
  name: 'decisions on one vehicle',
  run: (target, random) => {
    const id = `decided-${random.index(10)}`;
    return askMany(target, 300, (at) => {
      const decision = { vehicleId: id, decisionId: `d-${random.index(1e9)}` };
      const change = { ...decision, displayName: `name ${at}`, tags: { names: ['a'] } };
      return random.pick<Asked>([
        { path: `${REGISTRY}/Register`, message: encoded(RegisterRequest, { ...decision, fleet: 'f' }) },
        { path: `${REGISTRY}/Update`, message: encoded(UpdateRequest, change) },
        { path: `${REGISTRY}/Retire`, message: encoded(RetireRequest, decision) },
      ]);
    });
  },
};

const windows: Script = {
  name: '50,000 windows of one vehicle',
  async run(target) {
    const id = `windows-${fresh()}`;
    const reports = Array.from({ length: 50 }, (_, at) => {
      const shape = { vehicleId: id, reportId: `w-${at}`, samples: 1_000, stepMs: -TWO_HOURS_MS };
      return makeReport({ ...shape, fromMs: SOME_TIME_MS - at * 1_000 * TWO_HOURS_MS });
    });
    const sent: Answer[] = [];
    for (let at = 0; at < reports.length; at += 5)
      sent.push(await sendReports(target, reports.slice(at, at + 5)));
    const list = encoded(ListSamplesRequest, { vehicleId: id, pageSize: 1_000, withTotal: true });
    return [
      ...brokenBy(sent),
      ...(await askMany(target, 4, () => ({ path: `${HISTORY}/ListSamples`, message: list }))),
    ];
  },
};

const hotVehicle: Script = {
  name: 'one hot vehicle',
  async run(target) {
    const id = `hot-${fresh()}`;
    const report = (at: number) =>
      makeReport({ vehicleId: id, reportId: `h-${at}`, fromMs: SOME_TIME_MS + at * 1_000 });
    const broken: Broken[] = [];
    for (let at = 0; at < 30_000; at += 2_000) {
      const sent = await sendReports(
        target,
        Array.from({ length: 2_000 }, (_, more) => report(at + more)),
      );
      broken.push(
        ...brokenBy([sent]),
        ...(await askMany(target, 8, (call) => ({
          path: `${HISTORY}/${call % 2 === 0 ? 'GetStatus' : 'ListSamples'}`,
          message: encoded(call % 2 === 0 ? GetStatusRequest : ListSamplesRequest, { vehicleId: id }),
        }))),
      );
    }
    return broken;
  },
};

/** A long run has a million of them. */
const newIds: Script = {
  name: '100,000 new vehicles',
  async run(target) {
    const prefix = `new-${fresh()}`;
    const report = (at: number) => makeReport({ vehicleId: `${prefix}-${at}`, reportId: 'first' });
    const sent: Answer[] = [];
    for (let at = 0; at < 100_000; at += 5_000)
      sent.push(
        await sendReports(
          target,
          Array.from({ length: 5_000 }, (_, more) => report(at + more)),
        ),
      );
    return brokenBy(sent);
  },
};

export const SEQUENCES: readonly Script[] = [
  subscribers,
  stoppedReads,
  foreignTokens,
  parkedLoops,
  decisions,
  windows,
  hotVehicle,
  newIds,
];
