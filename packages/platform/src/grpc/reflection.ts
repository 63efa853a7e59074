import { type DescFile, toBinary } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { contracts } from '@odograph/contracts/descriptors';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '@odograph/contracts/generated/grpc/reflection/v1/reflection';
import { Fault } from '@odograph/kernel/fault';
import type { Admission } from './admission.ts';
import { decode } from './decode.ts';
import { bidi, type GrpcService, grpcService, serviceName, withRawRequests } from './handler.ts';

type Question = ServerReflectionRequest['messageRequest'];
type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

/** The longest question. An answer repeats it twice, and the longest names of our contracts have less than a tenth of that. */
export const MAX_QUESTION_BYTES = 4 * 1024;
const { serverReflectionInfo: method } = ServerReflectionService;

/**
 * gRPC reflection, v1 and v1alpha: all contracts as the compiler wrote them.
 * @param serviceNames the other services of the server; they are listed, and reflection itself.
 * @param admission says when a question is answered: one call may ask any number of them.
 */
export function reflectionServices(
  serviceNames: readonly string[],
  admission: Admission,
): readonly GrpcService[] {
  const listed = [...serviceNames];
  const serverReflectionInfo = bidi<Buffer, ServerReflectionResponse>(
    async (requests, send, { client, signal }) => {
      for await (const message of requests) {
        await admission.enter(client, signal);
        const request = questionIn(message);
        const messageResponse = answer(request.messageRequest, listed);
        await send({ validHost: request.host, originalRequest: request, messageResponse });
      }
    },
  );
  const raw = withRawRequests(ServerReflectionService, 'serverReflectionInfo');
  const versions = [raw, inAlpha(raw)];
  const services = versions.map((definition) => grpcService(definition, { serverReflectionInfo }));
  listed.push(...services.map(serviceName));
  return services;
}

/** Throws a Fault TOO_LARGE, which ends the call. */
function questionIn(message: Buffer): ServerReflectionRequest {
  if (message.length <= MAX_QUESTION_BYTES) return decode(method, message);
  const limit = `${MAX_QUESTION_BYTES} bytes a request of reflection`;
  const found = `the request has ${message.length} bytes, more than ${limit}`;
  throw new Fault('TOO_LARGE', `${found}: ask for one name, and leave host empty`, { limit });
}

/** v1alpha has the same messages under another path. */
function inAlpha<Definition extends ServiceDefinition>(definition: Definition): Definition {
  const methods = Object.entries(definition).map(([name, method]) => {
    const path = method.path.replace('.v1.', '.v1alpha.');
    return [name, { ...method, path }];
  });
  return Object.fromEntries(methods) as Definition;
}

function answer(question: Question, serviceNames: readonly string[]): Answer {
  switch (question?.$case) {
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: serviceNames.map((name) => ({ name })) } };
    case 'fileByFilename':
      return withDependencies(contracts.getFile(question.value)) ?? unknown('file', question.value);
    case 'fileContainingSymbol':
      return withDependencies(fileOfSymbol.get(question.value)) ?? unknown('symbol', question.value);
    case 'fileContainingExtension':
      return unknown('extension', question.value.containingType);
    case 'allExtensionNumbersOfType': {
      const baseTypeName = question.value;
      if (!contracts.getMessage(baseTypeName)) return unknown('message', baseTypeName);
      return { $case: 'allExtensionNumbersResponse', value: { baseTypeName, extensionNumber: [] } };
    }
    default:
      return failure(status.INVALID_ARGUMENT, 'message_request is missing');
  }
}

/** Made once: a question costs its client next to nothing, and so must the answer. */
const bytesOf: ReadonlyMap<DescFile, Uint8Array> = new Map(
  Array.from(contracts.files, (file) => [file, toBinary(FileDescriptorProtoSchema, file.proto)]),
);

/** The file, and after it all files that it needs. */
function withDependencies(file: DescFile | undefined): Answer | undefined {
  if (!file) return undefined;
  const files = new Set([file]);
  // A set goes on to what is added while it is walked.
  for (const { dependencies } of files) for (const each of dependencies) files.add(each);
  const fileDescriptorProto = Array.from(files).flatMap((each) => bytesOf.get(each) ?? []);
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

const fileOfSymbol: ReadonlyMap<string, DescFile> = new Map(
  Array.from(contracts.files).flatMap((file) => symbolsIn(file).map((symbol) => [symbol, file] as const)),
);

/** Types and their members by their full names. A value of an enum is beside its enum, not in it. */
function symbolsIn(file: DescFile): readonly string[] {
  return Array.from(nestedTypes(file)).flatMap((type) => {
    const inType = (member: { readonly name: string }) => `${type.typeName}.${member.name}`;
    const beside = ({ name }: { readonly name: string }) => type.typeName.replace(/[^.]*$/, name);
    switch (type.kind) {
      case 'message':
        return [type.typeName, ...type.fields.map(inType), ...type.oneofs.map(inType)];
      case 'service':
        return [type.typeName, ...type.methods.map(inType)];
      case 'enum':
        return [type.typeName, ...type.values.map(beside)];
      default:
        return [type.typeName];
    }
  });
}

function unknown(kind: string, name: string): Answer {
  return failure(status.NOT_FOUND, `the contracts have no ${kind} ${name}`);
}

function failure(errorCode: status, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}
