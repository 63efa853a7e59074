/** Takes the options of a drive as JSON; tells its parent when it begins to measure, and what came of it. */
import { drive } from '../src/drive/drive.ts';
import type { DriveMessage, DriveOptions } from '../src/drive/drive-options.ts';

const tell = (message: DriveMessage) => process.send?.(message);
const options = JSON.parse(process.argv[2] ?? '') as DriveOptions;
tell({ result: await drive(options, () => tell({ isMeasuring: true })) });
process.disconnect();
