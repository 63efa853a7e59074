import {
  type Db,
  type Document,
  MongoClient,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { LOOPBACK } from './free-port.ts';

export const REPLICA_SET = 'odograph';

const CONNECT_TIMEOUT_MS = 1_000;

/** MongoDB's error codes, by MongoDB's names for them. */
const NOT_YET_INITIALIZED = 94;
const INVALID_REPLICA_SET_CONFIG = 93;

/**
 * Brings a server one step closer to being the primary of a replica set of one: writes the set's configuration if it is
 * missing, or corrects the port in it.
 * @returns whether the server accepts writes now.
 */
export async function becomePrimary(url: string, port: number): Promise<boolean> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS, maxPoolSize: 1 });
  try {
    return await step(client.db('admin'), port);
  } catch (error) {
    if (isNotReady(error)) return false;
    throw error;
  } finally {
    await client.close();
  }
}

async function step(admin: Db, port: number): Promise<boolean> {
  const { isWritablePrimary } = await admin.command({ hello: 1 });
  if (isWritablePrimary === true) return true;
  const state = await setState(admin);
  if (state === 'none') await admin.command({ replSetInitiate: configOf(port) });
  if (state === 'not a member') await moveTo(admin, port);
  return false;
}

type SetState = 'none' | 'not a member' | 'member';

async function setState(admin: Db): Promise<SetState> {
  try {
    await admin.command({ replSetGetStatus: 1 });
    return 'member';
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    if (error.code === NOT_YET_INITIALIZED) return 'none';
    if (error.code === INVALID_REPLICA_SET_CONFIG) return 'not a member';
    throw error;
  }
}

function configOf(port: number): Document {
  return { _id: REPLICA_SET, members: [{ _id: 0, host: `${LOOPBACK}:${port}` }] };
}

/** Forced, because there is no primary: the only member is not in the stored configuration. */
async function moveTo(admin: Db, port: number): Promise<void> {
  const { config } = (await admin.command({ replSetGetConfig: 1 })) as { config: Document };
  const members = [{ ...config['members'][0], host: `${LOOPBACK}:${port}` }];
  await admin.command({
    replSetReconfig: { ...config, version: config['version'] + 1, members },
    force: true,
  });
}

/** The server does not listen yet, or it is changing its state. */
function isNotReady(error: unknown): boolean {
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError) return true;
  return error instanceof MongoServerError && error.hasErrorLabel('RetryableWriteError');
}
