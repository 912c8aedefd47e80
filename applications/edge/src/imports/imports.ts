import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ImportFile, ImportOperation, ImportProgress, UploadPlace, UploadWritten } from '@shelfmark/contracts';
import { type CommandReply, RequestClient } from '@shelfmark/messaging';
import { NATS_CONNECTION } from '@shelfmark/service-kit';
import type { FastifyRequest } from 'fastify';
import { failed, unanswered } from '../commands/commands.js';
import { traceOf } from '../http/observation.js';
import { Queries } from '../history/queries.js';
import { principalOf } from '../identity/principal.js';
import { Problem } from '../http/problem.js';
import { bytesDeclared } from '../http/request-body.js';
import { fileIn, maxFileBytes, tooLarge } from './uploaded-file.js';

/** The most that one part of a file may weigh. */
const partBytes = 128 * 1024;
/** So many parts are under way at once: enough to keep the writer busy, and all that is held in memory. */
const partsAtOnce = 8;

/** A whole file is read back and flushed. */
const completeMs = 60_000;

type Accepted = Extract<CommandReply, { id: string }>;

/** What can be imported, and the service that owns it, does it, and knows how far it is. */
export const importedKinds = { books: 'book', people: 'user', rents: 'rent' } as const;

export type ImportedKind = keyof typeof importedKinds;

/** An import, and the kind of what it imports. */
export interface FoundImport {
  readonly kind: ImportedKind;
  readonly operation: ImportOperation;
}

/** Hands files over to the services that own what is in them, and asks these how far their imports are. */
@Injectable()
export class Imports {
  readonly #client: RequestClient;

  constructor(
    @Inject(NATS_CONNECTION) connection: NatsConnection,
    @Inject(Queries) private readonly queries: Queries,
  ) {
    this.#client = new RequestClient(connection, { source: '/shelfmark/edge' });
  }

  /**
   * Sends the file that a request carries, and asks for its import.
   * @returns once both are durable
   * @throws Problem
   */
  async request(request: FastifyRequest, importId: string, kind: ImportedKind, dryRun: boolean): Promise<Accepted> {
    const bytes = Math.min(bytesDeclared(request), maxFileBytes);
    const place = await this.queries.ask<UploadPlace>(request, wordOf(kind), 'OpenUpload', { bytes });
    const file = await this.#sendOrAbandon(request, place);
    const command = {
      id: importId,
      type: 'CompleteUpload',
      data: { uploadId: place.uploadId, importId, file: { ...file }, dryRun },
      actor: principalOf(request).subject,
      correlationId: request.id,
      causationId: importId,
      deadline: Date.now() + completeMs,
      ...traceOf(request),
    };
    const reply = await this.#client.sendCommand(place.address, command).catch((error: unknown) => {
      throw unanswered(error, 'No answer came in time. Sending the file again with the same Idempotency-Key is safe.');
    });
    if ('failure' in reply) throw failed(command.type, reply.failure);
    if ('rejection' in reply) throw Problem.rejection(reply.rejection.code, reply.rejection.detail as string);
    return reply;
  }

  /**
   * An import's id does not tell whose it is, so all are asked.
   * @returns nothing where there is no such import @throws Problem where there may be one
   */
  async progress(
    request: FastifyRequest,
    importId: string,
    after: string | undefined,
    limit: number,
  ): Promise<FoundImport | undefined> {
    const query = { importId, limit, ...(after !== undefined && { after }) };
    const kinds = Object.keys(importedKinds) as ImportedKind[];
    const answers = await Promise.allSettled(
      kinds.map(async (kind) => {
        const { operation } = await this.queries.ask<ImportProgress>(request, wordOf(kind), 'GetImport', query);
        return operation && { kind, operation };
      }),
    );
    const found = answers.find((answer) => answer.status === 'fulfilled' && answer.value !== undefined);
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (!found && failed) throw failed.reason;
    return found?.status === 'fulfilled' ? found.value : undefined;
  }

  async #sendOrAbandon(request: FastifyRequest, place: UploadPlace): Promise<ImportFile> {
    try {
      return await this.#send(request, place);
    } catch (error) {
      const { address, uploadId } = place;
      // Without it, what was sent is removed after a while.
      await this.queries.ask(request, address, 'AbandonUpload', { uploadId }).catch(() => undefined);
      throw error;
    }
  }

  async #send(request: FastifyRequest, place: UploadPlace): Promise<ImportFile> {
    const hash = createHash('sha256');
    const underWay = new Set<Promise<void>>();
    let failure: unknown;
    let offset = 0;
    try {
      for await (const part of inParts(fileIn(request))) {
        if (offset + part.length > maxFileBytes) throw tooLarge();
        hash.update(part);
        if (underWay.size >= partsAtOnce) await Promise.race(underWay);
        if (failure !== undefined) break;
        const sent = this.#write(request, place, offset, part)
          .catch((error: unknown) => void (failure ??= error))
          .finally(() => underWay.delete(sent));
        underWay.add(sent);
        offset += part.length;
      }
    } finally {
      await Promise.all(underWay);
    }
    if (failure !== undefined) throw failure as Error;
    return { bytes: offset, sha256: hash.digest('hex') };
  }

  async #write(
    request: FastifyRequest,
    { address, uploadId }: UploadPlace,
    offset: number,
    part: Buffer,
  ): Promise<void> {
    const data = { uploadId, offset, content: part.toString('base64') };
    const { refusal } = await this.queries.ask<UploadWritten>(request, address, 'WriteUpload', data);
    if (refusal) throw Problem.rejection(refusal.code, refusal.detail);
  }
}

/** The one that its imports go by in subjects. */
function wordOf(kind: ImportedKind): string {
  return `${importedKinds[kind]}-import`;
}

/** The same bytes in parts of the size that is sent at once; only the last one is smaller. */
async function* inParts(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let bytes = 0;
  for await (const piece of file) {
    pending.push(piece);
    bytes += piece.length;
    if (bytes < partBytes) continue;
    const whole = Buffer.concat(pending);
    let start = 0;
    for (; bytes - start >= partBytes; start += partBytes) yield whole.subarray(start, start + partBytes);
    pending = [whole.subarray(start)];
    bytes -= start;
  }
  if (bytes > 0) yield Buffer.concat(pending);
}
