/** Fails with a message while `odograph up` runs on the data directory of this checkout. */

import { holderOf } from '@odograph/cluster/data-lock';
import { dataDirOf } from '@odograph/cluster/up-state';

const pid = holderOf(dataDirOf(process.env));
if (pid !== undefined) {
  console.error(`odograph up runs as process ${pid}: stop it first`);
  process.exitCode = 1;
}
