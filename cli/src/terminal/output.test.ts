import { Fault } from '@odograph/kernel/fault';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { faultInWords, noteWait, printLine } from './output.ts';

const finding = (field: string, description: string) => ({ field, reason: 'X', description });

describe('a fault for people', () => {
  it('has each finding in a line, and no empty field', () => {
    const findings = [finding('vin', 'is not a VIN'), finding('', '297037 bytes, but at most 262144')];
    const fault = new Fault('INVALID_INPUT', 'the report is wrong', { findings });
    expect(faultInWords(fault, [])).toBe(
      'odograph: the report is wrong\n  vin: is not a VIN\n  297037 bytes, but at most 262144',
    );
  });

  it('leaves out a finding whose words the message has', () => {
    const findings = [finding('vehicle_id', 'is retired')];
    const fault = new Fault('RULE_VIOLATED', 'the vehicle is retired', { findings });
    expect(faultInWords(fault, [])).toBe('odograph: the vehicle is retired');
  });

  it.each([
    ['vin', [], 'vin'],
    ['display_name', ['--display-name', 'x'], '--display-name'],
    ['tags[0]', ['--tags=x'], '--tags'],
    ['types[0]', ['--type', 'Nope'], '--type'],
    ['to_ms', ['--to', '1970-01-01'], '--to'],
    ['at_least', ['--at-least', '9/1'], '--at-least'],
    ['after', ['--from', '9/1'], '--from'],
    ['partitions', ['--from', '9/1'], '--from'],
    ['filter.rules[1]', ['--rule', 'a', '--rule', 'b'], '--rule'],
    ['terms.severities[0]', ['--severity=info'], '--severity'],
    ['terms.ends_at_ms', ['--for', '2h'], '--for'],
    ['terms.ends_at_ms', ['--from', '-1h', '--to', 'now'], '--to'],
    ['terms', ['--rule', 'a'], 'terms'],
    ['partitions', ['--from', '0/1', '--partition', '9'], '--partition'],
  ])('says the one finding about %j once, with %j as %s', (field, args, words) => {
    const findings = [finding(field, 'is wrong')];
    const fault = new Fault('INVALID_INPUT', `${field} is wrong`, { findings });
    expect(faultInWords(fault, args)).toBe(`odograph: ${words} is wrong`);
  });
});

describe('what a command waits for', () => {
  const isTerminal = process.stderr.isTTY;
  const written: string[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    const write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    vi.spyOn(process.stderr, 'write').mockImplementation(write);
    vi.spyOn(process.stdout, 'write').mockImplementation(write);
    process.stderr.isTTY = true;
    written.length = 0;
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    process.stderr.isTTY = isTerminal;
  });

  it('is said after two seconds on a terminal', () => {
    noteWait('waiting for history');
    vi.advanceTimersByTime(1_999);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual(['waiting for history\n']);
  });

  it('is the last that it was told', () => {
    noteWait('waiting for history');
    noteWait('waiting for events');
    vi.advanceTimersByTime(60_000);
    expect(written).toEqual(['waiting for events\n']);
  });

  it('is not said to a program, nor once something is printed', async () => {
    process.stderr.isTTY = false;
    noteWait('waiting for history');
    process.stderr.isTTY = true;
    noteWait('waiting for history');
    await printLine('bus-1');
    vi.advanceTimersByTime(60_000);
    expect(written).toEqual(['bus-1\n']);
  });
});
