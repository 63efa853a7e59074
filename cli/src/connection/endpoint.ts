import type { Client } from '@grpc/grpc-js';
import type { ServiceName } from '@odograph/cluster/services';
import { dataDirOf, runningPlatform } from '@odograph/cluster/up-state';
import { Fault } from '@odograph/kernel/fault';
import { createGrpcClient } from '@odograph/platform/grpc/client';
import { Option } from 'commander';
import { endpointArgument } from '../terminal/arguments.ts';

/** What is wanted by `createGrpcClient`. */
type ClientClass<C extends Client> = Parameters<typeof createGrpcClient<C>>[0];

export function endpointOption(service: ServiceName): Option {
  const where = `where ${service} listens; by default what "odograph up" runs`;
  return new Option('--endpoint <host:port>', where).argParser(endpointArgument);
}

/** Speaks with a service, and hangs up. Throws a Fault UNAVAILABLE where it cannot be known whom to speak to. */
export async function withClient<C extends Client, Result>(
  service: ServiceName,
  Client: ClientClass<C>,
  endpoint: string | undefined,
  use: (client: C) => Promise<Result>,
): Promise<Result> {
  const client = createGrpcClient(Client, endpoint ?? knownEndpoint(service));
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

function knownEndpoint(service: ServiceName): string {
  const endpoint = runningPlatform(dataDirOf(process.env))?.endpoints[service];
  if (endpoint !== undefined) return endpoint;
  throw new Fault(
    'UNAVAILABLE',
    `it is not known where ${service} listens: start it with "odograph up", or name it with --endpoint`,
  );
}
