import { createRandom, seedOf } from '@odograph/kernel/random';
import { expect, test } from 'vitest';
import { contractMethods } from '../contract.ts';
import { FRAMING_NAMES, frame, frameMessage } from './framing.ts';
import { drawMessage, drawRepeated, repeatedFields } from './message.ts';
import { MUTATION_NAMES, mutate } from './mutation.ts';

const methods = contractMethods();
const plain = (seed: number) => ({ random: createRandom(seed), hostility: 0 });

test('every method of every service is known, also health and reflection of each server', () => {
  const paths = methods.map(({ server, path }) => `${server} ${path}`);
  expect(paths).toContain('history /odograph.history.v1.EventLog/Read');
  expect(paths).toContain('ingest /odograph.telemetry.v1.TelemetryIngest/Connect');
  expect(paths).toContain('ingest /grpc.health.v1.Health/Watch');
  expect(paths).toContain('history /grpc.reflection.v1.ServerReflection/ServerReflectionInfo');
  expect(new Set(paths).size).toBe(paths.length);
});

test('a seed draws the same message again', () => {
  for (const { request } of methods) {
    expect(drawMessage(request, plain(7))).toEqual(drawMessage(request, plain(7)));
  }
});

test('the same number has the same input, whatever was drawn before', () => {
  const drawn = [3, 4, 5].map((number) => createRandom(seedOf(1, number)).next());
  expect(createRandom(seedOf(1, 4)).next()).toBe(drawn[1]);
});

test('a repeated field is as long as is wanted', () => {
  for (const { request } of methods) {
    for (const field of repeatedFields(request)) {
      expect(drawRepeated(field, plain(1), 100_000).length).toBeGreaterThan(99_000);
    }
  }
});

test('every mutation changes a message', () => {
  const message = Buffer.from('0a0261620a02616210011801', 'hex');
  const unchanged = MUTATION_NAMES.filter((name) => mutate(name, message, createRandom(2)) === message);
  expect(unchanged).toEqual([]);
  expect(mutate(undefined, message, createRandom(2))).toBe(message);
});

test('every framing has its own bytes', () => {
  const message = Buffer.from('0a02616200', 'hex');
  const bodies = FRAMING_NAMES.map((name) => JSON.stringify(frame(name, message, createRandom(3))));
  expect(new Set(bodies).size).toBe(FRAMING_NAMES.length);
  expect(frame('plain', message, createRandom(3)).bytes).toEqual(frameMessage(message));
});
