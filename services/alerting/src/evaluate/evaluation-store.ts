import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Position } from '@odograph/kernel/position';
import { type Binary, type Collection, type Db, MongoBulkWriteError } from 'mongodb';
import type { KnownVehicle, LogPlace } from '../domain/partition-alerts.ts';
import { type EvaluationCheckpoint, FROM_THE_START } from './partition-evaluation.ts';

/**
 * Raised when states of this program mean something else: then the log is evaluated again from its start. What it makes of it
 * has the same ids, so the log keeps nothing twice.
 */
const STATE_VERSION = 2;

interface VehicleDocument extends PlaceDocument {
  readonly _id: string;
  /** Partition. */
  readonly p: number;
  /** Version of the state. */
  readonly v: number;
  /** The state, JSON in a zstd frame. */
  readonly z: Binary | Uint8Array;
}

/** Sequence and index of the last event that is included. */
interface PlaceDocument {
  readonly s: number;
  readonly i: number;
}

interface CheckpointDocument {
  readonly _id: number;
  readonly v: number;
  readonly s: number;
  readonly evaluation: EvaluationCheckpoint;
}

/** What a partition begins with. */
export interface StoredEvaluation {
  /** The last envelope that the checkpoint includes; 0: none. */
  readonly after: number;
  readonly checkpoint: EvaluationCheckpoint;
  readonly vehicles: ReadonlyMap<string, KnownVehicle>;
}

const DUPLICATE_KEY = 11_000;

/**
 * What is known of vehicles, and from where on the log has to be evaluated again. A state depends on the log alone, so what an
 * owner that has lost its partition still stores is right, and only never replaces what includes more.
 */
export class EvaluationStore {
  readonly #vehicles: Collection<VehicleDocument>;
  readonly #checkpoints: Collection<CheckpointDocument>;

  constructor(db: Db) {
    this.#vehicles = db.collection('alerting_vehicles');
    this.#checkpoints = db.collection('alerting_checkpoints');
  }

  async createIndexes(): Promise<void> {
    await this.#vehicles.createIndex({ p: 1 });
  }

  async load(partition: number): Promise<StoredEvaluation> {
    const checkpoint = await this.#checkpoints.findOne({ _id: partition, v: STATE_VERSION });
    if (!checkpoint) return { after: 0, checkpoint: FROM_THE_START, vehicles: new Map() };
    const vehicles = new Map<string, KnownVehicle>();
    for await (const { _id, z } of this.#vehicles.find({ p: partition, v: STATE_VERSION }))
      vehicles.set(_id, decodeVehicle(z instanceof Uint8Array ? z : z.buffer));
    return { after: checkpoint.s, checkpoint: checkpoint.evaluation, vehicles };
  }

  async saveVehicles(partition: number, vehicles: readonly EncodedVehicle[]): Promise<void> {
    if (vehicles.length === 0) return;
    const writes = vehicles.map(({ vehicleId: _id, includes: { sequence: s, index: i }, bytes: z }) => ({
      updateOne: {
        filter: { _id, $or: [{ v: { $ne: STATE_VERSION } }, { s: { $lt: s } }, { s, i: { $lt: i } }] },
        update: { $set: { p: partition, s, i, v: STATE_VERSION, z } },
        upsert: true,
      },
    }));
    await unlessNewer(this.#vehicles.bulkWrite(writes, { ordered: false }));
  }

  /** Only once all vehicles that have changed up to then are saved. */
  async saveCheckpoint({ partition, sequence }: Position, evaluation: EvaluationCheckpoint): Promise<void> {
    const older = { _id: partition, $or: [{ v: { $ne: STATE_VERSION } }, { s: { $lt: sequence } }] };
    const update = { $set: { v: STATE_VERSION, s: sequence, evaluation } };
    await unlessNewer(this.#checkpoints.updateOne(older, update, { upsert: true }));
  }

  /** The log was restored to a state before what is stored: it is evaluated again from its start. */
  async forget(partition: number): Promise<void> {
    await this.#checkpoints.deleteOne({ _id: partition });
    await this.#vehicles.deleteMany({ p: partition });
  }
}

/** A vehicle as it is now, whatever becomes of it. */
export interface EncodedVehicle {
  readonly vehicleId: string;
  readonly includes: LogPlace;
  readonly bytes: Uint8Array;
}

export function encodeVehicle(vehicleId: string, vehicle: KnownVehicle): EncodedVehicle {
  return { vehicleId, includes: vehicle.includes, bytes: zstdCompressSync(JSON.stringify(vehicle)) };
}

export function decodeVehicle(bytes: Uint8Array): KnownVehicle {
  return JSON.parse(zstdDecompressSync(bytes).toString()) as KnownVehicle;
}

/** A document that includes more is in the way of the one that would be inserted. */
async function unlessNewer(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    const failed = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [error];
    const isNewer = (each: unknown) => (each as { readonly code?: unknown }).code === DUPLICATE_KEY;
    if (failed.length === 0 || !failed.every(isNewer)) throw error;
  }
}
