import { type DescMessage, fromJson, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { contracts } from '@odograph/contracts/descriptors';
import { invariant } from '@odograph/kernel/fault';

export type ServerName = 'history' | 'ingest' | 'cache' | 'alerting';

/** Every server, each with health and reflection. */
export const SERVERS: readonly ServerName[] = ['history', 'ingest', 'cache', 'alerting'];

/** A method of a server, and the type of its requests. */
export interface ContractMethod {
  readonly server: ServerName;
  /** Such as `/grpc.health.v1.Health/Check`. */
  readonly path: string;
  readonly request: DescMessage;
}

/** The servers of each package of services. */
const SERVERS_OF: Readonly<Record<string, readonly ServerName[]>> = {
  'odograph.telemetry.v1': ['ingest'],
  'odograph.history.v1': ['history'],
  'odograph.cache.v1': ['cache'],
  'odograph.alerting.v1': ['alerting'],
  'grpc.health.v1': SERVERS,
  'grpc.reflection.v1': SERVERS,
  'grpc.reflection.v1alpha': SERVERS,
};

const services = [...contracts].filter((type) => type.kind === 'service');

/** Every method of every service of the contracts, on each server that has it. */
export const METHODS = services.flatMap(({ typeName, file, methods }): ContractMethod[] => {
  const servers = SERVERS_OF[file.proto.package];
  invariant(servers, `which server has ${typeName}? Add its package to fuzz/src/contract.ts`);
  return servers.flatMap((server) =>
    methods.map(({ name, input }) => ({ server, path: `/${typeName}/${name}`, request: input })),
  );
}) as [ContractMethod, ...ContractMethod[]];

/** A request of a method, from its JSON form. */
export function encodeRequest(path: string, json: JsonObject): Uint8Array {
  const method = METHODS.find((each) => each.path === path);
  invariant(method, `no service has ${path}`);
  return toBinary(method.request, fromJson(method.request, json));
}
