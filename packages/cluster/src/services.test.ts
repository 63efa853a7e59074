import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { platformServices } from './services.ts';

test.each(platformServices)('the start file of $name uses the settings prefix of the table', (service) => {
  expect(readFileSync(service.main, 'utf8')).toContain(`ownPrefix: '${service.settingsPrefix}'`);
});
