import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreFull } from '@shelfmark/event-sourcing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EmbeddedEventStore } from './embedded-event-store.js';
import { Appender } from './testing/appender.js';
import { expectAnswered } from './testing/answered-events.js';
import { temporaryDirectory } from './testing/temporary-directory.js';

const mebibyte = 1024 * 1024;
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe.skipIf(!mayMount)('on a small disk (skipped where no file system may be mounted)', () => {
  test('a log that fills its disk ends the process, has claimed nothing false, and goes on once there is room', async () => {
    const disk = smallDisk(8);
    const directory = join(disk, 'log');
    const appender = new Appender({ directory, concurrency: 16 });
    expect(await appender.exit).not.toBe(0);
    expect(appender.answers.length).toBeGreaterThan(100);
    mount('remount,size=32m', disk);
    await expectAnswered(directory, appender.answers);
  });

  test('a disk that is nearly full is refused before anything is written, until there is room again', async () => {
    const disk = smallDisk(32);
    const store = await EmbeddedEventStore.open({ directory: join(disk, 'log'), reserveBytes: 8 * mebibyte });
    const append = () => {
      const event = { id: randomUUID(), type: 'T', data: 'x'.repeat(10_000), metadata: {} as never };
      return store.append([{ stream: `S-${randomUUID()}`, expected: 'none', events: [event] }]);
    };
    await append();
    const filler = join(disk, 'filler');
    writeFileSync(filler, Buffer.alloc(10 * mebibyte));
    let refusal: unknown;
    for (let appends = 0; refusal === undefined && appends < 3000; appends++) {
      refusal = await append().then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(refusal).toBeInstanceOf(StoreFull);
    expect((refusal as StoreFull).freeBytes).toBeGreaterThan(4 * mebibyte);
    const head = await store.head();
    await expect(append()).rejects.toThrow(StoreFull);
    expect(await store.head()).toBe(head);

    rmSync(filler);
    const deadline = Date.now() + 30_000;
    let taken = false;
    while (!taken && Date.now() < deadline) {
      taken = await append().then(
        () => true,
        () => false,
      );
    }
    expect(taken).toBe(true);
    await store.close();
  });
});

function smallDisk(sizeMebibytes: number): string {
  const disk = temporaryDirectory();
  mount(`size=${sizeMebibytes}m`, disk);
  onTestFinished(() => void spawnSync('umount', ['-l', disk]));
  return disk;
}

function mount(options: string, disk: string): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', disk]);
  if (status !== 0) throw new Error(`mount failed: ${String(stderr)}`);
}
