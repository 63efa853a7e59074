/** A fake service: it reports that it is ready and does nothing else. FIXTURE_MODE makes it fail. */
import { createServer } from 'node:net';
import { Fault } from '@odograph/kernel/fault';
import { refusalMessage } from '@odograph/platform/app/start-message';

const mode = process.env['FIXTURE_MODE'] ?? '';
const port = Number(process.env['ODO_GRPC_PORT']);

if (mode === 'dies') {
  process.stdout.write('I cannot go on\n');
  process.exit(1);
}

if (mode === 'refuses') {
  const refusal = refusalMessage(new Fault('RULE_VIOLATED', 'the data is too old: use another directory'));
  process.send?.(refusal, undefined, {}, () => process.exit(2));
}

if (mode === 'wrong setting') {
  const refusal = refusalMessage(new Fault('INVALID_INPUT', 'ODO_LOG_LEVEL is loud: set it to info'));
  process.send?.(refusal, undefined, {}, () => process.exit(2));
}

const streamSize = process.env['ODO_HISTORY_STREAM_MAX_BYTES'];
if (streamSize) process.stdout.write(`streams of ${streamSize} bytes\n`);
const server = createServer();
server.listen(port, '127.0.0.1', () => {
  const endpoints = { grpc: `127.0.0.1:${port}`, metrics: `127.0.0.1:${process.env['ODO_METRICS_PORT']}` };
  process.send?.({ ready: true, endpoints });
  if (mode === 'dies later') setTimeout(() => process.exit(1), 50);
});
process.on('SIGTERM', () => {
  if (mode !== 'never drains') process.exit(0);
});
process.on('disconnect', () => process.exit(0));
