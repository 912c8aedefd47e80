import { expect, test } from 'vitest';
import { EmbeddedEventStore } from './embedded-event-store.js';
import { openTrees } from './log-environment.js';
import { StoreOwnedElsewhere } from './store-errors.js';
import { Appender } from './testing/appender.js';
import { expectAnswered } from './testing/answered-events.js';
import { temporaryDirectory } from './testing/temporary-directory.js';
import { verify } from './verify.js';

test('a second process is refused while the first lives, may read meanwhile, and gets the log once it is dead', async () => {
  const directory = temporaryDirectory();
  const first = new Appender({ directory });
  await first.says((lines) => lines.length > 10);
  const refusal: unknown = await EmbeddedEventStore.open({ directory }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StoreOwnedElsewhere);
  expect((refusal as StoreOwnedElsewhere).owner?.pid).toBe(first.pid);
  expect((refusal as StoreOwnedElsewhere).message).toContain(String(first.pid));

  const second = new Appender({ directory });
  expect(await second.exit).not.toBe(0);
  expect(second.lines).toEqual([]);
  expect(second.errors).toContain('StoreOwnedElsewhere');

  expect((await verify(directory)).faults).toEqual([]);
  const before = first.lines.length;
  await first.says((lines) => lines.length > before);
  await first.kill();
  await expectAnswered(directory, first.answers);
});

test('the same process is refused too, until it closes the store', async () => {
  const directory = temporaryDirectory();
  const store = await EmbeddedEventStore.open({ directory });
  await expect(EmbeddedEventStore.open({ directory })).rejects.toThrow(StoreOwnedElsewhere);
  await store.head();
  await store.close();
  await (await EmbeddedEventStore.open({ directory })).close();
});

test('a process whose log was taken over, unseen, writes nothing more and is told so', async () => {
  const directory = temporaryDirectory();
  const first = new Appender({ directory });
  await first.says((lines) => lines.length > 10);
  // What a process does that cannot see the first one, in another container for instance.
  const trees = openTrees(directory, { readOnly: false });
  trees.root.transactionSync(() => void trees.meta.put('owner', { pid: 1, host: 'elsewhere', boot: 'another' }, 4711));
  const end = trees.log.getStats() as { entryCount: number };
  expect(await first.exit).toBe(0);
  expect(first.lines.at(-2)).toBe('refused StoreOwnedElsewhere');
  expect(trees.log.getStats()).toMatchObject({ entryCount: end.entryCount });
  await trees.root.close();
  await expectAnswered(directory, first.answers);
});
