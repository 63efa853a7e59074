/** Exit code 1, and a line, while `odograph up` runs on the data directory of this checkout. */

import { holderOf } from '@odograph/cluster/data-lock';
import { dataDirOf } from '../src/connection/running-platform.ts';

const pid = holderOf(dataDirOf(process.env));
if (pid !== undefined) {
  console.error(`odograph up runs as process ${pid}: stop it first`);
  process.exitCode = 1;
}
