import { expect, test } from 'vitest';
import { EmbeddedEventStore } from './embedded-event-store.js';
import { StoreOwnedElsewhere } from './store-errors.js';
import { temporaryDirectory } from './testing/temporary-directory.js';

test('a log that is renewed is another log for whoever opens it next', async () => {
  const directory = temporaryDirectory();
  const before = await EmbeddedEventStore.open({ directory });
  await before.renewLogId();
  await before.close();
  const after = await EmbeddedEventStore.open({ directory });
  expect(after.logId).not.toBe(before.logId);
  await expect(EmbeddedEventStore.open({ directory })).rejects.toThrow(StoreOwnedElsewhere);
  await after.close();
});
