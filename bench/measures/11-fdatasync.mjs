import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the disk can promise: 4 KiB appended and flushed, one after the other. */
export default {
  name: 'fdatasync',
  when: 'inRounds',
  async prepare({ seconds }) {
    return async () => {
      const directory = mkdtempSync(join(tmpdir(), 'shelfmark-fdatasync-'));
      const file = openSync(join(directory, 'file'), 'w');
      const page = Buffer.alloc(4096, 1);
      const startedAt = performance.now();
      let count = 0;
      for (; performance.now() < startedAt + seconds * 1_000; count++) {
        writeSync(file, page);
        fdatasyncSync(file);
      }
      const perSecond = count / ((performance.now() - startedAt) / 1_000);
      closeSync(file);
      rmSync(directory, { recursive: true });
      return { 'flushes per second': perSecond };
    };
  },
};
