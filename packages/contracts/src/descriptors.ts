import { readFileSync } from 'node:fs';

/** All contracts as a serialized google.protobuf.FileDescriptorSet, for gRPC reflection. */
export const descriptorSet: Buffer = readFileSync(new URL('./descriptor-set.binpb', import.meta.url));
