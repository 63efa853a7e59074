import { createHash } from 'node:crypto';
import type { Load } from '@odograph/cache/answer';
import type { Cache } from '@odograph/cache/cache';
import type { Policy } from '@odograph/cache/policy';
import type { Position as WirePosition } from '@odograph/contracts/generated/odograph/telemetry/v1/position';
import { isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import { comparePositions } from '@odograph/kernel/position';
import { beforeDeadline, type CallContext } from '@odograph/platform/grpc/handler';
import { checkAtLeast, checkVehicleId } from '@odograph/platform/grpc/request-checks';
import { unknownVehicle } from '../domain/unknown-vehicle.ts';
import { type Following, type Reflected, reachOrAsk, reflected } from '../statuses/following.ts';
import { positionOf } from '../statuses/stamps.ts';
import { domainOf, stampOf } from './stamps.ts';

/** A request about one vehicle. */
interface VehicleRequest {
  readonly vehicleId: string;
  readonly atLeast?: WirePosition | undefined;
}

/** A read of history that has one answer, and what of it is kept. */
export interface CallType<Request extends VehicleRequest, Response> {
  /** The type of its values: what all their keys begin with. */
  readonly name: string;
  readonly policy: Policy;
  /** Of the memory of the process. */
  readonly share: number;
  readonly request: { encode(message: Request): Encoded };
  readonly response: { encode(message: Response): Encoded; decode(bytes: Uint8Array): Response };
  /** Asks history. The answer reflects `atLeast` of the request. */
  readonly ask: (request: Request, signal: AbortSignal) => Promise<Response>;
  /** What the answer reflects; undefined: what it had to. */
  readonly reflects: (response: Response) => WirePosition | undefined;
  /** Whether the answer to this request stays the same until the log has something that changes it. */
  readonly isKept: (request: Request) => boolean;
  /** Whether an event of the vehicle could not be applied, so that the answer may change without another event. */
  readonly isParked: (response: Response) => boolean;
}

interface Encoded {
  finish(): Uint8Array;
}

/** An answer of history, what it reflects, and how old it may be. */
export interface AgedAnswer<Response> extends Reflected {
  readonly response: Response;
}

export type CachedCall<Request, Response> = (
  request: Request,
  call: CallContext,
) => Promise<AgedAnswer<Response>>;

interface CachedCallsDeps {
  readonly cache: Pick<Cache, 'addType'>;
  readonly following: Following;
  readonly partitionCount: number;
  /** Whether all is known that the log had before it was followed. */
  readonly isComplete: () => boolean;
}

/** All that is kept about a vehicle has this tag. */
export const vehicleTag = (vehicleId: string) => `vehicle:${vehicleId}`;

/**
 * Reads of history whose answers are kept. Each answer reflects a position of the log; what comes later in the log decides
 * whether it is still valid (Outdating).
 */
export class CachedCalls {
  readonly #deps: CachedCallsDeps;

  constructor(deps: CachedCallsDeps) {
    this.#deps = deps;
  }

  /** The same read, answered from the cache where it can be. */
  add<Request extends VehicleRequest, Response>(
    type: CallType<Request, Response>,
  ): CachedCall<Request, Response> {
    const { cache, following, partitionCount } = this.#deps;
    const typed = cache.addType<Uint8Array>({
      ...{ name: type.name, policy: type.policy, share: type.share, codec: BYTES },
      isLive: (key) => this.#isLive(partitionOf(vehicleOf(key), partitionCount)),
    });
    return async (request, call) => {
      const vehicleId = checkVehicleId(request.vehicleId);
      const atLeast = request.atLeast && checkAtLeast(request.atLeast, { partitionCount, vehicleId });
      const signal = beforeDeadline(call);
      if (!type.isKept(request)) return await this.#fromHistory(type, { ...request, atLeast }, signal);
      const isReached = !atLeast || (await reachOrAsk(following, atLeast, signal));
      const key = keyOf(type, request);
      const options = { signal, atLeast: isReached ? [] : [stampOf(atLeast)] };
      const answer = await typed.getOrLoad(key, this.#load(type, request), options);
      const { version, value } = answer;
      if (!value) throw unknownVehicle(vehicleId);
      const partition = partitionOf(vehicleId, partitionCount);
      const own = version.find(({ domain }) => domain === domainOf(partition));
      const position = own ? positionOf(own) : { partition, sequence: 0 };
      const isCurrent = this.#isLive(partition) && typed.isCurrent(key, version, [vehicleTag(vehicleId)]);
      return {
        response: type.response.decode(value),
        ...reflected(answer, { position, isCurrent }, following),
      };
    };
  }

  #load<Request extends VehicleRequest, Response>(
    type: CallType<Request, Response>,
    request: Request,
  ): Load<Uint8Array> {
    const { following, partitionCount } = this.#deps;
    const { vehicleId } = request;
    const partition = partitionOf(vehicleId, partitionCount);
    const tags = [vehicleTag(vehicleId)];
    return async (signal, [least]) => {
      // What was followed is in the answer, or a floor that was raised meanwhile would be above it.
      const followed = following.positionOf(partition);
      const asked = least ? positionOf(least) : followed;
      const atLeast = comparePositions(asked, followed) > 0 ? asked : followed;
      const found = await this.#fromHistory(type, { ...request, atLeast }, signal).catch(missingAsUndefined);
      // The next report makes the vehicle known, and it need not be a late one.
      if (!found) return { value: undefined, version: [stampOf(atLeast)], tags, mayKeep: false };
      const { response, position } = found;
      return {
        ...{ value: type.response.encode(response).finish(), version: [stampOf(position)] },
        ...{ tags, mayKeep: this.#isLive(partition) && !type.isParked(response) },
      };
    };
  }

  async #fromHistory<Request extends VehicleRequest, Response>(
    type: CallType<Request, Response>,
    { atLeast, ...request }: Request,
    signal: AbortSignal,
  ): Promise<AgedAnswer<Response>> {
    const partition = partitionOf(request.vehicleId, this.#deps.partitionCount);
    const response = await type.ask(
      { ...(request as Request), atLeast: atLeast && atLeast.sequence > 0 ? atLeast : undefined },
      signal,
    );
    const position = type.reflects(response) ?? atLeast ?? { partition, sequence: 0 };
    return { response, position, ageMs: 0, staleBecause: undefined };
  }

  #isLive(partition: number): boolean {
    return this.#deps.isComplete() && this.#deps.following.isLive(partition);
  }
}

/** They are decoded for each answer: so their size in memory is known. */
const BYTES = {
  encode: (bytes: Uint8Array) => bytes,
  decode: (bytes: Uint8Array) => bytes,
  bytesOf: (bytes: Uint8Array) => bytes.length,
};

function missingAsUndefined(error: unknown): undefined {
  if (!isFault(error, 'NOT_FOUND')) throw error;
}

const HASH_BYTES = 15;

/** The vehicle, then what is asked about it. */
function keyOf<Request extends VehicleRequest>(
  { request: codec }: Pick<CallType<Request, never>, 'request'>,
  request: Request,
): string {
  const asked = codec.encode({ ...request, atLeast: undefined }).finish();
  const hash = createHash('sha256').update(asked).digest().subarray(0, HASH_BYTES);
  return `${request.vehicleId}:${hash.toString('base64url')}`;
}

const vehicleOf = (key: string) => key.slice(0, key.lastIndexOf(':'));
