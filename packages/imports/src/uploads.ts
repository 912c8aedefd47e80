import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { Injectable, Inject, type OnModuleDestroy } from '@nestjs/common';
import type { CompleteUpload, ImportFile, ImportRefusal, UploadWritten, WriteUpload } from '@shelfmark/contracts';
import { Overloaded, StoreFull } from '@shelfmark/event-sourcing';
import { MessageTooLarge, ServiceUnavailable } from '@shelfmark/messaging';
import { headOf } from './encoding.js';
import { IMPORTED_KIND } from './import-runner.js';
import type { ImportedKind, KnownItem } from './imported-kind.js';
import { Spools } from './spools.js';

/** The most that a file may weigh. */
const maxFileBytes = 256 * 1024 * 1024;
const maxOpenUploads = 64;
/** Somebody who sends nothing for so long will send no more. */
const patienceMs = 60_000;

interface Upload {
  readonly file: FileHandle;
  abandoned: NodeJS.Timeout;
}

/** What was sent is not what the sender says. */
class UploadDamaged extends Error {
  override readonly name = 'UploadDamaged';
}

/** Files that are being sent. They live in this process: after its end, they are sent again. */
@Injectable()
export class Uploads implements OnModuleDestroy {
  readonly #open = new Map<string, Upload>();

  constructor(
    @Inject(Spools) private readonly spools: Spools,
    @Inject(IMPORTED_KIND) private readonly kind: Pick<ImportedKind<unknown, KnownItem>, 'refusalOf'>,
  ) {}

  /** @throws StoreFull, Overloaded */
  async begin(bytes: number): Promise<string> {
    if (this.#open.size >= maxOpenUploads) throw new Overloaded('uploads', this.#open.size);
    await this.spools.assertRoomFor(bytes);
    const uploadId = randomUUID();
    const file = await open(this.spools.partPath(uploadId), 'wx+', 0o600);
    this.#open.set(uploadId, { file, abandoned: this.#abandonLater(uploadId) });
    return uploadId;
  }

  /** Parts may come in any order. @throws ServiceUnavailable, MessageTooLarge, StoreFull */
  async write({ uploadId, offset, content }: WriteUpload): Promise<UploadWritten> {
    const upload = this.#upload(uploadId);
    clearTimeout(upload.abandoned);
    const bytes = Buffer.from(content, 'base64');
    if (offset + bytes.length > maxFileBytes) {
      await this.abandon(uploadId);
      throw new MessageTooLarge(offset + bytes.length, maxFileBytes);
    }
    const refusal = offset === 0 ? this.kind.refusalOf(bytes, false) : undefined;
    if (refusal) {
      await this.abandon(uploadId);
      return { refusal };
    }
    await this.spools.assertRoomFor(bytes.length);
    // It may have been abandoned meanwhile. What is being written, closing the file waits for.
    await written(this.#upload(uploadId).file.write(bytes, 0, bytes.length, offset));
    clearTimeout(upload.abandoned);
    upload.abandoned = this.#abandonLater(uploadId);
    return { bytes: bytes.length };
  }

  /**
   * Flushes a file that was sent to its end, under its import's name; or says why it is of no use.
   * @throws ServiceUnavailable, UploadDamaged, StoreFull
   */
  async complete({ uploadId, importId, file }: CompleteUpload): Promise<ImportRefusal | undefined> {
    const upload = this.#upload(uploadId);
    clearTimeout(upload.abandoned);
    try {
      const path = this.spools.partPath(uploadId);
      await assertIs(file, upload.file);
      const head = await headOf(path);
      const refusal = this.kind.refusalOf(head, head.length === file.bytes);
      if (refusal) return refusal;
      await written(upload.file.sync());
      await this.spools.keep(uploadId, importId, file);
      return undefined;
    } finally {
      await this.abandon(uploadId);
    }
  }

  /** Removes what was sent of a file that is not complete. */
  async abandon(uploadId: string): Promise<void> {
    const upload = this.#open.get(uploadId);
    if (!upload) return;
    this.#open.delete(uploadId);
    clearTimeout(upload.abandoned);
    await upload.file.close();
    await rm(this.spools.partPath(uploadId), { force: true });
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((uploadId) => this.abandon(uploadId)));
  }

  #upload(uploadId: string): Upload {
    const upload = this.#open.get(uploadId);
    // It waited too long for its next part. Nothing was imported, and sending the file again is safe.
    if (!upload) throw new ServiceUnavailable(`upload ${uploadId}`, { cause: undefined });
    return upload;
  }

  #abandonLater(uploadId: string): NodeJS.Timeout {
    return setTimeout(() => void this.abandon(uploadId), patienceMs).unref();
  }
}

/** Reads back what lies there, so that what is imported is what was sent. */
async function assertIs({ bytes, sha256 }: ImportFile, file: FileHandle): Promise<void> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  let position = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  if (position !== bytes || hash.digest('hex') !== sha256) {
    throw new UploadDamaged(`${position} bytes came of ${bytes}, or others than were sent`);
  }
}

/** @throws StoreFull where the disk has no room after all */
async function written(done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOSPC' || code === 'EDQUOT' ? new StoreFull(0, 0) : error;
  }
}
