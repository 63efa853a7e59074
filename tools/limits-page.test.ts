import { dirname, join } from 'node:path';
import { platformServices } from '@odograph/cluster/services';
import { listSettings } from '@odograph/platform/config/config';
import { expect, test } from 'vitest';

test.each(platformServices)(
  'each setting of $name that is a maximum is on the page of limits',
  async ({ main }) => {
    const { settings } = await import(join(dirname(main), 'config.ts'));
    const forgotten = listSettings(settings).filter(({ name, limit }) => name.includes('_MAX_') && !limit);
    expect(forgotten.map(({ name }) => name)).toEqual(
      MAXIMA_OF_ENGINES.filter((name) => name in byName(settings)),
    );
  },
);

/** They bound nothing that a caller can ask for. */
const MAXIMA_OF_ENGINES = ['ODO_HISTORY_STREAM_MAX_BYTES'];

const byName = (settings: Parameters<typeof listSettings>[0]) =>
  Object.fromEntries(listSettings(settings).map((each) => [each.name, each]));
