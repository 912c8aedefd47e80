import { createHash, randomUUID } from 'node:crypto';
import type { BookCreated, BookEvents, BookRentEvents, OperationEvents, UserEvents } from '@shelfmark/contracts';
import type { Json } from '@shelfmark/event-sourcing';
import type { MirroredEvent } from '@shelfmark/messaging';

type AllEvents = BookEvents & BookRentEvents & UserEvents & OperationEvents;

export const bookCreated: BookCreated = {
  title: 'The Tenant of Wildfell Hall',
  authors: ['Brontë, Anne'],
  languages: ['en'],
  subjects: ['Fiction'],
  amount: 3,
};

/** A UUID that is the same for the same number. */
export function id(number: number): string {
  const hex = createHash('sha256').update(String(number)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The log of one service, as its mirror would deliver it. */
export class Log {
  readonly events: MirroredEvent[] = [];
  readonly #revisions = new Map<string, number>();

  constructor(
    readonly logId: string = randomUUID(),
    readonly generation = 1,
  ) {}

  /** Appends an event of the catalogue; several are chained. */
  append<Type extends keyof AllEvents>(stream: string, type: Type, data: AllEvents[Type]): this {
    return this.appendAny(stream, type, data as unknown as Json);
  }

  /** Appends whatever a test needs, fit or not. */
  appendAny(stream: string, type: string, data: Json): this {
    const revision = (this.#revisions.get(stream) ?? -1) + 1;
    this.#revisions.set(stream, revision);
    const index = this.events.length;
    this.events.push({
      id: randomUUID(),
      type,
      data,
      stream,
      revision,
      // Not dense, as in a store that others write to as well.
      position: BigInt(index * 3),
      previousPosition: index === 0 ? undefined : BigInt((index - 1) * 3),
      sequence: index + 1,
      logId: this.logId,
      generation: this.generation,
      metadata: {
        commandId: randomUUID(),
        commandHash: '',
        correlationId: '',
        causationId: '',
        time: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
        schemaVersion: 1,
      },
    });
    return this;
  }
}
