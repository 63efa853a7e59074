import { type Client, createClient } from '@odograph/client';
import type { ServiceName } from '@odograph/cluster/services';
import { dataDirOf, runningPlatform } from '@odograph/cluster/up-state';
import { Fault } from '@odograph/kernel/fault';
import { Option } from 'commander';
import { endpointArgument } from './terminal/arguments.ts';
import { noteWait } from './terminal/output.ts';

export function endpointOption(service: ServiceName): Option {
  const where = `where ${service} listens; by default what "odograph up" runs`;
  return new Option('--endpoint <host:port>', where).argParser(endpointArgument);
}

/** A client whose queries fail at once, without a retry. Throws a Fault UNAVAILABLE if no endpoint is given or known. */
export function openClient(service: ServiceName, endpoint: string | undefined): Client {
  const where = endpoint ?? knownEndpoint(service);
  // A replay shows how far it is.
  if (service !== 'ingest') noteWait(`waiting for ${service} at ${where} …`);
  return createClient({ [service]: where, maxAttempts: 1 });
}

/** A client of the service that `odograph up` runs; undefined if it runs none. */
export function openRunning(service: ServiceName): Client | undefined {
  const endpoint = runningPlatform(dataDirOf(process.env))?.endpoints[service];
  return endpoint === undefined ? undefined : createClient({ [service]: endpoint, maxAttempts: 1 });
}

function knownEndpoint(service: ServiceName): string {
  const endpoint = runningPlatform(dataDirOf(process.env))?.endpoints[service];
  if (endpoint !== undefined) return endpoint;
  throw new Fault(
    'UNAVAILABLE',
    `it is not known where ${service} listens: start it with "odograph up", or name it with --endpoint`,
  );
}
