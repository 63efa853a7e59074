import { findBinary } from '@odograph/engines/find-engine';
import type { Machine } from '../report/results.ts';

/** Of the engines that the platform is started on. */
export async function engineVersions(): Promise<Pick<Machine, 'mongo' | 'nats'>> {
  const [mongo, nats] = await Promise.all([findBinary('mongo'), findBinary('nats')]);
  return { mongo: mongo.version, nats: nats.version };
}
