/** Finds every engine and installs a missing one into .engines/. Safe to repeat. */
import { isFault } from '@odograph/kernel/fault';
import { type EngineKind, engineFacts, engineKinds } from '../src/engine-kind.ts';
import { findEngine } from '../src/find-engine.ts';

async function settle(kind: EngineKind): Promise<string> {
  const { title, urlVariable, isOptional } = engineFacts[kind];
  try {
    const found = await findEngine(kind, process.env, (line) => console.log(`engines: ${line}`));
    return found.kind === 'url' ? `${title} by ${urlVariable}` : `${title} ${found.version}`;
  } catch (error) {
    if (!isFault(error)) throw error;
    console.error(`engines: ${error.message}`);
    if (!isOptional) process.exitCode = 1;
    return `no ${title}`;
  }
}

const settled: string[] = [];
// One pip after the other: where pyenv has python3, those that end at the same time get in each other's way.
for (const kind of engineKinds) settled.push(await settle(kind));
console.log(`engines: ${settled.join(', ')}`);
