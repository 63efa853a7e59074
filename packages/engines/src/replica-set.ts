import {
  type Db,
  type Document,
  MongoClient,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { type Credentials, credentialsOf, OWNER } from './credentials.ts';
import type { PlanInput } from './engine-kind.ts';
import { LOOPBACK } from './free-port.ts';

export const REPLICA_SET = 'odograph';

const CONNECT_TIMEOUT_MS = 1_000;

/** MongoDB's error codes, by MongoDB's names for them. */
const NOT_YET_INITIALIZED = 94;
const INVALID_REPLICA_SET_CONFIG = 93;
const USER_NOT_FOUND = 11;

/**
 * Brings a server one step closer to being the primary of a replica set of one: writes the set's configuration if it is
 * missing, or corrects the port in it, and then the passwords of its users.
 * @returns whether the server can be used now.
 */
export async function becomePrimary(input: PlanInput): Promise<boolean> {
  const client = openAsMember(input);
  try {
    return await step(client.db('admin'), input);
  } catch (error) {
    if (isNotReady(error)) return false;
    throw error;
  } finally {
    await client.close();
  }
}

/**
 * As a member of the set, whose password is the key: this user needs no data, so it exists before the set has a
 * configuration, on data that was made without passwords, and while the only member is not in the configuration.
 */
function openAsMember({ dataDir, port }: PlanInput): MongoClient {
  return new MongoClient(`mongodb://${LOOPBACK}:${port}/?directConnection=true`, {
    auth: { username: '__system', password: credentialsOf(dataDir).password },
    authSource: 'local',
    serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS,
    maxPoolSize: 1,
  });
}

async function step(admin: Db, { dataDir, port, users }: PlanInput): Promise<boolean> {
  const { isWritablePrimary } = await admin.command({ hello: 1 });
  if (isWritablePrimary === true) {
    await admit(admin, credentialsOf(dataDir, OWNER), { role: 'root', db: 'admin' });
    for (const { name, database } of users)
      await admit(admin, credentialsOf(dataDir, name), { role: 'readWrite', db: database });
    return true;
  }
  const state = await setState(admin);
  if (state === 'none') await admin.command({ replSetInitiate: configOf(port) });
  if (state === 'not a member') await moveTo(admin, port);
  return false;
}

async function admit(admin: Db, { user, password: pwd }: Credentials, role: Document): Promise<void> {
  const login = { pwd, roles: [role], mechanisms: ['SCRAM-SHA-256'] };
  try {
    await admin.command({ updateUser: user, ...login });
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === USER_NOT_FOUND)) throw error;
    await admin.command({ createUser: user, ...login });
  }
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
