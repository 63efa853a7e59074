import type { DescMessage } from '@bufbuild/protobuf';
import { contracts } from '@odograph/contracts/descriptors';
import { invariant } from '@odograph/kernel/fault';

export type ServerName = 'history' | 'ingest';

/** A method of a server, and the type of its requests. */
export interface ContractMethod {
  readonly server: ServerName;
  /** Such as `/grpc.health.v1.Health/Check`. */
  readonly path: string;
  readonly request: DescMessage;
}

/** The server of each package of services; every server has health and reflection. */
const SERVERS_OF: Readonly<Record<string, readonly ServerName[]>> = {
  'odograph.telemetry.v1': ['ingest'],
  'odograph.history.v1': ['history'],
  'grpc.health.v1': ['history', 'ingest'],
  'grpc.reflection.v1': ['history', 'ingest'],
  'grpc.reflection.v1alpha': ['history', 'ingest'],
};

/** Every method of every service of the contracts. Throws for a package of which no server is known. */
export function contractMethods(): readonly ContractMethod[] {
  const services = [...contracts].filter((type) => type.kind === 'service');
  return services.flatMap(({ typeName, file, methods }) => {
    const servers = SERVERS_OF[file.proto.package];
    invariant(
      servers,
      `fuzz does not know which server has ${typeName}: add its package to fuzz/src/contract.ts`,
    );
    return servers.flatMap((server) =>
      methods.map(({ name, input }) => ({ server, path: `/${typeName}/${name}`, request: input })),
    );
  });
}
