import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { create, createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { type Channel, callBidi } from '@odograph/client/call';
import {
  ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '@odograph/contracts/generated/grpc/reflection/v1/reflection';
import { describe, expect, test } from 'vitest';
import { loopback } from '../loopback.fixture.ts';
import type { BidiMethod } from './handler.ts';
import { MAX_QUESTION_BYTES, reflectionServices } from './reflection.ts';

type Question = NonNullable<ServerReflectionRequest['messageRequest']>;
type Answer = ServerReflectionResponse['messageResponse'];
type Ask = (question: Question) => Promise<Answer>;

const { serverReflectionInfo: v1 } = ServerReflectionService;
const v1alpha = { ...v1, path: v1.path.replace('v1', 'v1alpha') };
type Method = typeof v1alpha;
const NO_FILE: Question = { $case: 'fileByFilename', value: 'no.proto' };

/** Asks one question after the other on one stream, as clients do. */
function openReflection(channel: Channel, method: Method): Ask {
  const call = callBidi(channel, method);
  return async (question) => {
    await call.send({ host: '', messageRequest: question });
    return (await call.responses.next()).value?.messageResponse;
  };
}

async function filesOf(ask: Ask, question: Question): Promise<readonly FileDescriptorProto[]> {
  const answer = await ask(question);
  if (answer?.$case !== 'fileDescriptorResponse') throw new Error(JSON.stringify(answer));
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

/** What a client without proto files makes of the answers: it asks for each service and for each import by its name. */
async function discover(ask: Ask): Promise<{ services: readonly string[]; types: FileRegistry }> {
  const list = await ask({ $case: 'listServices', value: '' });
  if (list?.$case !== 'listServicesResponse') throw new Error(JSON.stringify(list));
  const services = list.value.service.map(({ name }) => name);
  const files = new Map<string, FileDescriptorProto>();
  const keep = (file: FileDescriptorProto | undefined) => file && files.set(file.name, file);
  for (const name of services) {
    const [file] = await filesOf(ask, { $case: 'fileContainingSymbol', value: name });
    keep(file);
  }
  for (const { dependency } of files.values()) {
    for (const name of dependency) {
      const [file] = await filesOf(ask, { $case: 'fileByFilename', value: name });
      keep(file);
    }
  }
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto | undefined): void => {
    if (!file || ordered.has(file)) return;
    for (const name of file.dependency) add(files.get(name));
    ordered.add(file);
  };
  for (const file of files.values()) add(file);
  const set = create(FileDescriptorSetSchema, { file: [...ordered] });
  return { services, types: createFileRegistry(set) };
}

describe.each([
  ['v1', v1],
  ['v1alpha', v1alpha],
])('reflection %s', (_, method) => {
  test('lists all services of the server, and gives a client all files that describe them', async () => {
    const { channel } = await loopback({});
    const { services, types } = await discover(openReflection(channel, method));
    expect(services).toEqual([
      'odograph.telemetry.v1.TelemetryIngest',
      'odograph.history.v1.EventLog',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
    for (const name of services) expect(types.getService(name)?.methods).not.toHaveLength(0);
    const position = types.getMessage('odograph.telemetry.v1.Position');
    expect(position?.field['index']?.proto.proto3Optional).toBe(true);
    expect(position?.file.proto.options?.goPackage).toContain('telemetryv1');
  });
});

test('reflection answers with a file and all that it imports', async () => {
  const { channel } = await loopback({});
  const ask = openReflection(channel, v1);
  const files = await filesOf(ask, { $case: 'fileByFilename', value: 'odograph/history/v1/event_log.proto' });
  const names = files.map(({ name }) => name);
  expect(names[0]).toBe('odograph/history/v1/event_log.proto');
  for (const { dependency } of files) expect(names).toEqual(expect.arrayContaining(dependency));
});

test.each([
  ['a service', 'odograph.history.v1.EventLog'],
  ['a method', 'odograph.history.v1.EventLog.Read'],
  ['a message', 'odograph.telemetry.v1.Position'],
  ['a field', 'odograph.telemetry.v1.Position.index'],
  ['a value of an enum', 'odograph.telemetry.v1.REPORT_OUTCOME_ACCEPTED'],
  ['a message in a message', 'google.rpc.BadRequest.FieldViolation'],
])('reflection finds the file of %s', async (_, value) => {
  const { channel } = await loopback({});
  const ask = openReflection(channel, v1);
  expect(await ask({ $case: 'fileContainingSymbol', value })).toMatchObject({
    $case: 'fileDescriptorResponse',
  });
});

test('reflection says what it does not know, and goes on', async () => {
  const { channel } = await loopback({});
  const ask = openReflection(channel, v1);
  const unknown = (name: string) => ({
    $case: 'errorResponse',
    value: { errorCode: 5, errorMessage: expect.stringContaining(name) },
  });
  expect(await ask({ $case: 'fileByFilename', value: 'no.proto' })).toEqual(unknown('no.proto'));
  expect(await ask({ $case: 'fileContainingSymbol', value: 'odograph.No' })).toEqual(unknown('odograph.No'));
  expect(await ask({ $case: 'allExtensionNumbersOfType', value: 'odograph.No' })).toEqual(
    unknown('odograph.No'),
  );
  const value = 'odograph.telemetry.v1.Position';
  expect(await ask({ $case: 'allExtensionNumbersOfType', value })).toEqual({
    $case: 'allExtensionNumbersResponse',
    value: { baseTypeName: value, extensionNumber: [] },
  });
});

test('reflection gives the files as the compiler wrote them', async () => {
  const path = fileURLToPath(import.meta.resolve('@odograph/contracts/descriptors'));
  const set = readFileSync(new URL('descriptor-set.binpb', `file://${path}`));
  const { channel } = await loopback({});
  const ask = openReflection(channel, v1);
  for (const { name } of fromBinary(FileDescriptorSetSchema, set).file) {
    const answer = await ask({ $case: 'fileByFilename', value: name });
    if (answer?.$case !== 'fileDescriptorResponse') throw new Error(name);
    expect(set.includes(Buffer.from(answer.value.fileDescriptorProto[0] ?? []))).toBe(true);
  }
});

test('a request that is longer than it need be is refused in words, and one of that length is repeated in its answer', async () => {
  const { channel } = await loopback({});
  const ask = async (bytes: number) => {
    const call = callBidi(channel, v1);
    const request = ServerReflectionRequest.create({ host: '', messageRequest: NO_FILE });
    const rest = bytes - ServerReflectionRequest.encode(request).finish().length;
    // The tag and the length of the field.
    request.host = 'h'.repeat(rest - 3);
    await call.send(request);
    return (await call.responses.next()).value;
  };
  expect(await ask(MAX_QUESTION_BYTES)).toMatchObject({ originalRequest: { messageRequest: NO_FILE } });
  await expect(ask(MAX_QUESTION_BYTES + 1)).rejects.toMatchObject({
    code: 'TOO_LARGE',
    message: expect.stringMatching(
      /^the request has 4097 bytes, more than 4096 bytes a request of reflection/,
    ),
    limit: '4096 bytes a request of reflection',
  });
});

test('the bytes of a file are made once, however often they are asked for', async () => {
  const admission = { enter: async () => () => undefined };
  const [service] = reflectionServices([], admission);
  const method = service?.implementation['serverReflectionInfo'] as BidiMethod<
    Buffer,
    ServerReflectionResponse
  >;
  const value = 'odograph/history/v1/event_log.proto';
  const messageRequest: Question = { $case: 'fileByFilename', value };
  const request = Buffer.from(ServerReflectionRequest.encode({ host: '', messageRequest }).finish());
  const given: (readonly Uint8Array[])[] = [];
  const send = async ({ messageResponse }: ServerReflectionResponse) => {
    if (messageResponse?.$case === 'fileDescriptorResponse')
      given.push(messageResponse.value.fileDescriptorProto);
  };
  const questions = async function* () {
    yield* [request, request];
  };
  const { signal } = new AbortController();
  const context = { signal, client: '127.0.0.1', deadlineAtMs: Number.POSITIVE_INFINITY, traceparent: '' };
  await method.handler(questions(), send, context);
  const [first = [], second = []] = given;
  expect(first.length).toBeGreaterThan(1);
  first.forEach((bytes, at) => {
    expect(second[at]).toBe(bytes);
  });
});
