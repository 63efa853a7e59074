import { createRandom } from '@odograph/kernel/random';
import { expect, test } from 'vitest';
import { METHODS } from '../contract.ts';
import { FRAMINGS, MUTATIONS } from './hostile-bytes.ts';
import { drawInput, SCRIPTS } from './input.ts';
import { drawMessage, drawRepeated, repeatedFields } from './message.ts';

const plain = (seed: number) => ({ random: createRandom(seed), hostility: 0 });

test('every method of every service is known, also health and reflection of each server', () => {
  const paths = METHODS.map(({ server, path }) => `${server} ${path}`);
  expect(paths).toContain('history /odograph.history.v1.EventLog/Read');
  expect(paths).toContain('ingest /odograph.telemetry.v1.TelemetryIngest/Connect');
  expect(paths).toContain('ingest /grpc.health.v1.Health/Watch');
  expect(paths).toContain('history /grpc.reflection.v1.ServerReflection/ServerReflectionInfo');
  expect(new Set(paths).size).toBe(paths.length);
});

test('a seed draws the same message again', () => {
  for (const { request } of METHODS) {
    expect(drawMessage(request, plain(7))).toEqual(drawMessage(request, plain(7)));
  }
});

test('a repeated field is as long as is wanted', () => {
  for (const { request } of METHODS) {
    for (const field of repeatedFields(request)) {
      expect(drawRepeated(field, plain(1), 100_000).length).toBeGreaterThan(99_000);
    }
  }
});

test('the first inputs are the scripts, each once, and messages to every method follow', () => {
  const names = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => drawInput(1, from + at).name);
  expect(names(0, SCRIPTS.length)).toEqual(SCRIPTS.map(({ name }) => name));
  const drawn = new Set(names(SCRIPTS.length, 1_000));
  for (const { server, path } of METHODS) expect(drawn).toContain(`message to ${server}, ${path}`);
});

test('every mutation and every framing changes a message in its own way', () => {
  const message = Buffer.from('0a0261620a02616210011801', 'hex');
  const mutated = MUTATIONS.map((mutate) => Buffer.from(mutate(message, createRandom(2))).toString('hex'));
  expect(new Set([message.toString('hex'), ...mutated]).size).toBe(MUTATIONS.length + 1);
  const framed = FRAMINGS.map((frame) => JSON.stringify(frame(message, createRandom(3))));
  expect(new Set(framed).size).toBe(FRAMINGS.length);
});
