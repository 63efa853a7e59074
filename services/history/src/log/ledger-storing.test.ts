import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLedgerStoring } from './ledger-storing.ts';

const APPENDED = Promise.resolve();
const HOUR_MS = 3_600_000;

/** A ledger whose stores end when the test says so. */
function createTestLedger() {
  const stores: PromiseWithResolvers<void>[] = [];
  return {
    isFull: true,
    stores,
    store: () => {
      const storing = Promise.withResolvers<void>();
      stores.push(storing);
      return storing.promise;
    },
  };
}

test('a full ledger waits for the store that is under way, and is stored again', async () => {
  const ledger = createTestLedger();
  const storing = createLedgerStoring(ledger, HOUR_MS);
  await storing.startIfDue(APPENDED);
  expect(ledger.stores).toHaveLength(1);
  let isStarted = false;
  const second = storing.startIfDue(APPENDED).then(() => {
    isStarted = true;
  });
  await nextTurn();
  expect(isStarted).toBe(false);
  ledger.stores[0]?.resolve();
  await second;
  expect(ledger.stores).toHaveLength(2);
});

test('a ledger that is not full waits for nothing, and is stored at intervals', async () => {
  const ledger = { ...createTestLedger(), isFull: false };
  const never = new Promise<void>(() => undefined);
  await createLedgerStoring(ledger, HOUR_MS).startIfDue(never);
  expect(ledger.stores).toHaveLength(0);
  const often = createLedgerStoring(ledger, -1);
  await often.startIfDue(APPENDED);
  await often.startIfDue(never);
  expect(ledger.stores).toHaveLength(1);
});

test('a session ends with what is left, and a store that fails ends it', async () => {
  const ledger = createTestLedger();
  const storing = createLedgerStoring(ledger, HOUR_MS);
  await storing.startIfDue(APPENDED);
  const rest = storing.storeRest();
  ledger.stores[0]?.resolve();
  await nextTurn();
  ledger.stores[1]?.reject(new Error('no disk'));
  await expect(rest).rejects.toThrow('no disk');
  await expect(storing.startIfDue(APPENDED)).rejects.toThrow('no disk');
});
