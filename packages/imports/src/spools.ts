import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImportFile } from '@shelfmark/contracts';
import { StoreFull } from '@shelfmark/event-sourcing';

/** What stays free on the disk for everybody else, the event log first of all. */
const reserveBytes = 256 * 1024 * 1024;

/** The files that are sent to be imported, until they have been: a folder beside the log. */
export class Spools {
  constructor(private readonly directory: string) {}

  /** Makes the folder and removes what was never sent to its end. @returns the ids of the imports that have a file here */
  async open(): Promise<ReadonlySet<string>> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const names = await readdir(this.directory);
    const unfinished = names.filter((name) => name.endsWith('.part'));
    await Promise.all(unfinished.map((name) => rm(join(this.directory, name), { force: true })));
    const ids = names.map((name) => /^([0-9a-f-]{36})\.[0-9a-f]{64}\.csv$/.exec(name)?.[1]);
    return new Set(ids.filter((id) => id !== undefined));
  }

  /** Where a file is written to while it is being sent. */
  partPath(uploadId: string): string {
    return join(this.directory, `${uploadId}.part`);
  }

  /** What the file holds is a part of its name: two that are sent for one import at the same time do not replace each other. */
  path(importId: string, { sha256 }: ImportFile): string {
    return join(this.directory, `${importId}.${sha256}.csv`);
  }

  /** Gives a file, which is flushed already, its name for good. */
  async keep(uploadId: string, importId: string, file: ImportFile): Promise<void> {
    await rename(this.partPath(uploadId), this.path(importId, file));
    const folder = await open(this.directory);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async remove(importId: string, file: ImportFile): Promise<void> {
    await rm(this.path(importId, file), { force: true });
  }

  /** Removes whatever was sent for an import. */
  async removeAll(importId: string): Promise<void> {
    const names = await readdir(this.directory);
    const sent = names.filter((name) => name.startsWith(`${importId}.`));
    await Promise.all(sent.map((name) => rm(join(this.directory, name), { force: true })));
  }

  /** @throws StoreFull where so many more bytes would leave too little for others */
  async assertRoomFor(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.directory);
    if (bavail * bsize - bytes < reserveBytes) throw new StoreFull(bavail * bsize, reserveBytes);
  }
}
