import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { pause } from '@odograph/kernel/clock';
import { createRandom, seedOf } from '@odograph/kernel/random';
import { type CallSettings, callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import { createFleet } from '@odograph/sources/scripted/fleet';
import { createCrew } from './crew.ts';
import type { LoadPart, LoadPartOptions } from './load-part.ts';
import { drawRequest, drawThinkMs, type UserRequest } from './requests.ts';
import { createTally } from './tally.ts';

type UsersOptions = Extract<LoadPartOptions, { kind: 'users' }>;

/** Few enough that each is busy, as the channels of the backends through which users come; none near a server's 1,000 calls at a time. */
const TRANSPORTS = 32;
const DEADLINE_MS = 5_000;
const HOUR_MS = 3_600_000;

/** Users who ask, wait for the answer however long it takes, think, and ask again. */
export function createUsers({ endpoints, vehicles, seed }: UsersOptions): LoadPart {
  const clients = Array.from({ length: TRANSPORTS }, (_, at) =>
    createGrpcClient(VehicleHistoryClient, endpoints[at % endpoints.length] ?? '', {
      'grpc.use_local_subchannel_pool': 1,
    }),
  );
  const { vehicleIds } = createFleet({ seed, vehicles });
  const tally = createTally();

  async function live(user: number, signal: AbortSignal): Promise<void> {
    const random = createRandom(seedOf(seed, user));
    const ask = askerOn(clients[user % TRANSPORTS] as VehicleHistoryClient, vehicleIds);
    await pause(random.next() * drawThinkMs(random), signal);
    while (!signal.aborted) {
      const startMs = performance.now();
      try {
        await ask(drawRequest(random, vehicles), { deadlineMs: DEADLINE_MS, signal });
        tally.done(performance.now() - startMs);
      } catch (error) {
        if (!signal.aborted) tally.failed(error);
      }
      await pause(drawThinkMs(random), signal);
    }
  }

  const crew = createCrew(live);
  return {
    resize: crew.resize,
    begin: tally.begin,
    end: tally.end,
    async close() {
      await crew.close();
      for (const client of clients) client.close();
    },
  };
}

const SAMPLES_A_PAGE = 100;

/** One user's way of asking: who pages on remembers where. */
function askerOn(client: VehicleHistoryClient, vehicleIds: readonly string[]) {
  let pageToken = '';
  return async (request: UserRequest, settings: CallSettings): Promise<void> => {
    if (request.kind === 'page') {
      const page = { fleet: '', pageSize: 0, pageToken, atLeast: [] };
      pageToken = (await callUnary(client.listStatus, page, settings)).nextPageToken;
      return;
    }
    const vehicleId = vehicleIds[request.vehicle] ?? '';
    if (request.kind === 'status') {
      await callUnary(client.getStatus, { vehicleId }, settings);
      return;
    }
    const range = { fromMs: Date.now() - request.hours * HOUR_MS, toMs: 0, signals: [] };
    const samples = { vehicleId, ...range, pageSize: SAMPLES_A_PAGE, pageToken: '', withTotal: false };
    await callUnary(client.listSamples, samples, settings);
  };
}
