import { randomUUID } from 'node:crypto';
import { Controller, Inject, type Type } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type {
  AbandonUpload,
  CompleteUpload,
  GetImport,
  ImportFile,
  ImportProgress,
  OpenUpload,
  UploadPlace,
  UploadWritten,
  WriteUpload,
} from '@shelfmark/contracts';
import { type Accepted, CommandHandler, type EventStore, type Rejected, reject } from '@shelfmark/event-sourcing';
import type { IncomingRequest } from '@shelfmark/messaging';
import { EVENT_STORE } from '@shelfmark/service-kit';
import { fileImport, isUnfinished, isUnfinishedStatus } from './file-import.js';
import { ImportRunner } from './import-runner.js';
import { readOperation } from './operation.js';
import { Spools } from './spools.js';
import { Uploads } from './uploads.js';

/** @param word the one that the service's imports go by in subjects, such as `book-import` */
export function importController(word: string): Type<unknown> {
  // The parts of a file have to reach the one process that keeps it, and no other one of the service.
  const address = `${word}.${randomUUID()}`;

  @Controller()
  class ImportController {
    constructor(
      @Inject(CommandHandler) private readonly handler: CommandHandler,
      @Inject(EVENT_STORE) private readonly store: EventStore,
      @Inject(Spools) private readonly spools: Spools,
      @Inject(Uploads) private readonly uploads: Uploads,
      @Inject(ImportRunner) private readonly runner: ImportRunner,
    ) {}

    @MessagePattern(`shelfmark.queries.${word}.OpenUpload`)
    async openUpload(@Payload() { data }: IncomingRequest): Promise<UploadPlace> {
      const { bytes = 0 } = data as unknown as OpenUpload;
      return { address, uploadId: await this.uploads.begin(bytes) };
    }

    @MessagePattern(`shelfmark.queries.${address}.WriteUpload`)
    async writeUpload(@Payload() { data }: IncomingRequest): Promise<UploadWritten> {
      return this.uploads.write(data as unknown as WriteUpload);
    }

    @MessagePattern(`shelfmark.queries.${address}.AbandonUpload`)
    async abandonUpload(@Payload() { data }: IncomingRequest): Promise<object> {
      await this.uploads.abandon((data as unknown as AbandonUpload).uploadId);
      return {};
    }

    @MessagePattern(`shelfmark.commands.${address}.CompleteUpload`)
    async completeUpload(@Payload() request: IncomingRequest): Promise<Accepted | Rejected> {
      const upload = request.data as unknown as CompleteUpload;
      const { importId, file, dryRun } = upload;
      const refusal = await this.uploads.complete(upload);
      if (refusal) return reject(refusal.code, refusal.detail);
      try {
        const data = { importId, file: { ...file }, dryRun };
        return await this.handler.handle(fileImport, { ...request, type: 'RequestImport', data });
      } finally {
        await this.#begin(importId, file);
      }
    }

    @MessagePattern(`shelfmark.queries.${word}.GetImport`)
    async progress(@Payload() { data }: IncomingRequest): Promise<ImportProgress> {
      const query = data as unknown as GetImport;
      const operation = await readOperation(this.handler, this.store, query);
      if (!operation) return {};
      // A restored log comes without the files: an import that nobody works on ends here.
      if (isUnfinishedStatus(operation.state) && !this.store.shared) this.runner.take(query.importId);
      return { operation };
    }

    /** Sees to an import whose file has come; or to the file, where it has come in vain. */
    async #begin(importId: string, file: ImportFile): Promise<void> {
      const { state } = await this.handler.read(fileImport, importId);
      if (isUnfinished(state) && state.file.sha256 === file.sha256) this.runner.take(importId);
      else await this.spools.remove(importId, file);
    }
  }

  return ImportController;
}
