import type { Line } from '@odograph/sources/recorded/lines';
import { expectLinearTime } from '@odograph/testing/linear-time.fixture';
import { expect, test } from 'vitest';
import { readVehicleRows, rowFindings } from './vehicle-row.ts';

const COLUMNS = ['vehicle_id', 'fleet', 'model', 'display_name', 'tags', 'capabilities', 'vin', 'units'];

test('the time to read a row and to find what is wrong is in proportion to its length', async () => {
  await expectLinearTime(async (text) => {
    // Without units, of which a wrong one makes the whole row unreadable.
    const cells = COLUMNS.map((column) => (column === 'units' ? '' : text.replaceAll(/[",]/g, '_')));
    const lines = [COLUMNS, cells].map((each, row): Line => ({ row, text: each.join(',') }));
    const rows = await Array.fromAsync(readVehicleRows(ReadableStream.from(lines)));
    expect(rows).toHaveLength(1);
    for (const row of rows) if ('value' in row) rowFindings(row.value);
  });
});
