import { Fault } from '@odograph/kernel/fault';
import { expect, it } from 'vitest';
import { faultInWords } from './output.ts';

const finding = (field: string, description: string) => ({ field, reason: 'X', description });

it('a fault for people has each finding once, and no empty field', () => {
  const findings = [finding('vin', 'is not a VIN'), finding('', '297037 bytes, but at most 262144')];
  expect(faultInWords(new Fault('INVALID_INPUT', 'the report is wrong', { findings }))).toBe(
    'odograph: the report is wrong\n  vin: is not a VIN\n  297037 bytes, but at most 262144',
  );
  const [vin] = findings;
  expect(faultInWords(new Fault('INVALID_INPUT', 'vin is not a VIN', { findings: vin ? [vin] : [] }))).toBe(
    'odograph: vin is not a VIN',
  );
});
