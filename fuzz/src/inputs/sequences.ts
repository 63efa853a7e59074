import type { JsonObject } from '@bufbuild/protobuf';
import { createClient } from '@odograph/client';
import { encodeReport, encodeReportRequest } from '@odograph/client/wire';
import { pause } from '@odograph/kernel/clock';
import type { Random } from '@odograph/kernel/random';
import { encodeRequest } from '../contract.ts';
import { type Answer, type Call, call, frameMessage } from '../wire/call.ts';
import { MUTATIONS } from './hostile-bytes.ts';
import { SOME_TIME_MS, vehicleId } from './message.ts';
import { type Script, type Target, times } from './script.ts';

const READ = '/odograph.history.v1.EventLog/Read';
const SUBSCRIBE = '/odograph.history.v1.EventLog/Subscribe';
const PARKED = '/odograph.history.v1.Projections/ListParked';
const STATUS = '/odograph.history.v1.VehicleHistory/GetStatus';
const STATUSES = '/odograph.history.v1.VehicleHistory/ListStatus';
const SAMPLES = '/odograph.history.v1.VehicleHistory/ListSamples';
const VEHICLES = '/odograph.history.v1.VehicleRegistry';
const REPORT = '/odograph.telemetry.v1.TelemetryIngest/Report';
const TWO_HOURS_MS = 7_200_000;
/** A refusal of ingest that ends by itself, and when. */
const TOO_FAST = /reports\/s a client.*: wait (\d+) ms/;
/** After as many calls a script waits no more: it drops what is refused, so that it ends. */
const MAX_CALLS = 200;

/** Asks history on one of the connections that inputs share. */
function ask(
  { history }: Target,
  path: string,
  message: JsonObject,
  how: Partial<Call> = {},
): Promise<Answer> {
  const bytes = frameMessage(encodeRequest(path, message));
  return call(history.session(), { path, bytes, deadlineMs: 5_000, ...how });
}

const together = (count: number, askOne: (at: number) => Promise<Answer>) =>
  Promise.all(times(count, askOne));

/** A report of some samples from a time on, in Unix milliseconds, with long texts besides the speed. */
function makeReport(vehicleId: string, reportId: string, shape: Partial<typeof SHORT> = {}): Uint8Array {
  const { samples, fromMs, stepMs, texts } = { ...SHORT, ...shape };
  const text = { kind: { $case: 'text' as const, value: 'x'.repeat(200) } };
  const others = Object.fromEntries(times(texts, (at) => [`Vehicle.Fuzz.A${at}`, text]));
  const sample = (at: number) => ({
    ...{ observedAtMs: fromMs + at * stepMs, clockText: undefined },
    signals: { speedKmh: at % 100, others },
  });
  return encodeReport({ vehicleId, reportId, vin: undefined, samples: times(samples, sample) });
}

const SHORT = { samples: 1, fromMs: SOME_TIME_MS, stepMs: 1_000, texts: 0 };

/** Sends reports in calls of some of them, one call after the other, and as fast as a client may. */
async function report({ ingest }: Target, reports: readonly Uint8Array[], inCall: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < reports.length; ) {
    const bytes = frameMessage(encodeReportRequest(reports.slice(at, at + inCall)));
    const answer = await call(ingest.session(), { path: REPORT, bytes, deadlineMs: 30_000 });
    answers.push(answer);
    const [, waitMs] = TOO_FAST.exec(answer.text) ?? [];
    if (waitMs === undefined || answers.length > MAX_CALLS) at += inCall;
    else await pause(Number(waitMs));
  }
  return answers;
}

/** 16 MB of log, in reports of 200 KB each, so that reading has something to read. */
export async function fillLog(target: Target): Promise<void> {
  const large = (at: number) => makeReport(`large-${at % 10}`, `large-${at}`, { samples: 15, texts: 60 });
  await report(target, times(80, large), 4);
}

/** The token of a second page; empty if there is none. */
async function aToken({ history }: Target, { chance }: Random): Promise<string> {
  using client = createClient({ history: `127.0.0.1:${history.port}` });
  const page = chance(0.5)
    ? client.statusPage({ pageSize: 1 })
    : client.samplePage('large-1', { pageSize: 1 });
  return await page.then(({ nextPageToken }) => nextPageToken).catch(() => '');
}

const ALL: Readonly<Record<string, Script['run']>> = {
  'many subscribers from the start': (target) =>
    together(500, () => ask(target, SUBSCRIBE, {}, { deadlineMs: 2_000 })),
  'Reads that stop reading': (target, { index }) =>
    together(300, () => ask(target, READ, {}, { deadlineMs: 3_000, reads: 1 + index(100_000) })),
  /** Each page ends by its bytes, and half of them are not taken. */
  async 'large pages of samples, from two clients'({ history }, { index }) {
    const sessions = history.sessionsOfTwo();
    const answers = await together(200, (at) => {
      const list = { vehicleId: `large-${index(10)}`, pageSize: 1_000 };
      const bytes = frameMessage(encodeRequest(SAMPLES, list));
      const reads = at % 4 < 2 ? 1 + index(100_000) : Number.POSITIVE_INFINITY;
      return call(sessions[at % 2 === 0 ? 0 : 1], { path: SAMPLES, bytes, deadlineMs: 5_000, reads });
    });
    for (const session of sessions) session.destroy();
    return answers;
  },
  /** The tokens of one list, whole and damaged, for all lists and for other vehicles. */
  async 'pages with foreign tokens'(target, random) {
    const token = Buffer.from(await aToken(target, random));
    return await together(200, () => {
      const damaged = random.pick(MUTATIONS.slice(0, 4) as [(typeof MUTATIONS)[0]])(token, random);
      const pageToken = Buffer.from(random.chance(0.3) ? token : damaged).toString('latin1');
      const list = { pageToken, pageSize: 1 + random.index(1_000) };
      const [asked, more] = random.pick<readonly [string, JsonObject]>([
        [STATUSES, {}],
        [SAMPLES, { vehicleId: vehicleId(random) }],
        [`${VEHICLES}/List`, { text: random.pick(['', 'fuzz']) }],
        [PARKED, {}],
      ]);
      return ask(target, asked, { ...list, ...more });
    });
  },
  'decisions on one vehicle'(target, random) {
    const id = `decided-${random.index(10)}`;
    return together(300, (at) => {
      const decision = { vehicleId: id, decisionId: `d-${random.index(1e9)}` };
      const [name, change] = random.pick<readonly [string, JsonObject]>([
        ['Register', { fleet: 'f' }],
        ['Update', { displayName: `name ${at}`, tags: { names: ['a'] } }],
        ['Retire', {}],
      ]);
      return ask(target, `${VEHICLES}/${name}`, { ...decision, ...change });
    });
  },
  async '50,000 windows of one vehicle'(target, _, unused) {
    const id = `windows-${unused}`;
    const windows = (at: number) => {
      const fromMs = SOME_TIME_MS - at * 1_000 * TWO_HOURS_MS;
      return makeReport(id, `w-${at}`, { samples: 1_000, stepMs: -TWO_HOURS_MS, fromMs });
    };
    const sent = await report(target, times(50, windows), 5);
    const list = { vehicleId: id, pageSize: 1_000, withTotal: true };
    return [...sent, ...(await together(4, () => ask(target, SAMPLES, list)))];
  },
  async 'one hot vehicle'(target, _, unused) {
    const id = `hot-${unused}`;
    const one = (at: number) => makeReport(id, `h-${at}`, { fromMs: SOME_TIME_MS + at * 1_000 });
    const answers: Answer[] = [];
    for (let from = 0; from < 30_000; from += 2_000) {
      const reports = times(2_000, (at) => one(from + at));
      const asked = (at: number) => ask(target, at % 2 === 0 ? STATUS : SAMPLES, { vehicleId: id });
      answers.push(...(await report(target, reports, 2_000)), ...(await together(8, asked)));
    }
    return answers;
  },
  async 'more new vehicles than a client may begin with'(target, _, unused) {
    const prefix = `new-${unused}`;
    const one = (at: number) => makeReport(`${prefix}-${at}`, 'first');
    return await report(target, times(100_000, one), 5_000);
  },
  /** Each looks at up to 10,000 vehicles, and finds none. */
  async 'lists that find nothing, from two clients'({ history }) {
    const sessions = history.sessionsOfTwo();
    const answers = await together(200, (at) => {
      const path = at % 4 < 2 ? STATUSES : `${VEHICLES}/List`;
      const bytes = frameMessage(encodeRequest(path, { text: 'no such vehicle', pageSize: 1_000 }));
      return call(sessions[at % 2 === 0 ? 0 : 1], { path, bytes, deadlineMs: 5_000 });
    });
    for (const session of sessions) session.destroy();
    return answers;
  },
};

export const SEQUENCES: readonly Script[] = Object.entries(ALL).map(([name, run]) => ({ name, run }));
