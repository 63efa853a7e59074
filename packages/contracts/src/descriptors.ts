import { readFileSync } from 'node:fs';

/** Every contract as a serialized google.protobuf.FileDescriptorSet: what gRPC reflection tells of. */
export const descriptorSet: Buffer = readFileSync(new URL('./descriptor-set.binpb', import.meta.url));
