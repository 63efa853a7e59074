/** A service loads this before its own modules (`node --import`): at SIGUSR2 it collects its garbage and says what is left. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

process.on('SIGUSR2', () => {
  // V8 counts the buffers that a collection has freed as external until the next one.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write(`live memory of ${process.pid}: ${heapUsed + external} bytes\n`);
});
