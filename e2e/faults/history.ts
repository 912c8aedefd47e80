import { appendFileSync } from 'node:fs';

/** What a client was told. */
export type Answer =
  /** Done, now or before; each field as far as the answer tells it. */
  | {
      readonly kind: 'done';
      readonly id?: string;
      readonly revision?: number;
      readonly position?: string;
    }
  | { readonly kind: 'rejected'; readonly code: string }
  /** The entity was not at the revision that `If-Match` named. */
  | { readonly kind: 'conflict' }
  /** "Not now", or nothing at all: it may have been done, be done later, or never. */
  | { readonly kind: 'unknown'; readonly why: string }
  /** An answer that no client should ever get. */
  | { readonly kind: 'wrong'; readonly status: number; readonly body: string };

/** A command as it was sent once; sent again, with the same id, it is another attempt. */
export interface Attempt {
  readonly kind: 'attempt';
  readonly client: string;
  readonly calledAt: number;
  /** `Infinity` where the answer is unknown. */
  readonly returnedAt: number;
  readonly commandId: string;
  readonly type: string;
  /** The stream that decides first, then the others that it may append to. */
  readonly streams: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly expectedRevision?: number;
  readonly answer: Answer;
}

/** Somebody asked an owner for the last event of a stream. */
export interface OwnerRead {
  readonly kind: 'ownerRead';
  readonly client: string;
  readonly calledAt: number;
  readonly returnedAt: number;
  readonly stream: string;
  /** −1 where there was none. */
  readonly revision: number;
  readonly eventId?: string;
}

/** Somebody read an entity in a view, with all the positions that it had been given. */
export interface ViewRead {
  readonly kind: 'viewRead';
  readonly client: string;
  readonly calledAt: number;
  readonly returnedAt: number;
  readonly stream: string;
  /** The highest revision that an answer had told this client of; −1 for none. */
  readonly knownRevision: number;
  /** The highest that a view had shown it; −1 for none. */
  readonly seenRevision: number;
  /** What was shown; absent where there was no such entity. */
  readonly shown?: { readonly revision: number; readonly fields: Readonly<Record<string, unknown>> };
}

/** A read was answered as no read should ever be. */
export interface WrongRead {
  readonly kind: 'wrongRead';
  readonly client: string;
  readonly path: string;
  readonly status: number;
  readonly body: string;
}

export type Event = Attempt | OwnerRead | ViewRead | WrongRead;

/** All that clients asked and were told, written down as it happens, so that it outlives this process. */
export class History {
  readonly events: Event[] = [];

  constructor(private readonly file: string) {}

  add(event: Event): void {
    this.events.push(event);
    appendFileSync(this.file, `${JSON.stringify(event)}\n`);
  }
}
