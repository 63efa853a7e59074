import { readFileSync } from 'node:fs';
import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** All contracts, as a google.protobuf.FileDescriptorSet. */
const descriptorSet = readFileSync(new URL('./descriptor-set.binpb', import.meta.url));

/** The files, messages, enums and services of all contracts by name. */
export const contracts: FileRegistry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
