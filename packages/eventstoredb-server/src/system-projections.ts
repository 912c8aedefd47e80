import { randomUUID } from 'node:crypto';
import type { RecordedEvent } from '@shelfmark/event-sourcing';
import { caughtUp, systemRecord, type Append, type EventDatabase } from './event-database.js';
import { fromLog, linkType, octetStream, type ProposedRecord } from './event.js';
import { projectionCheckpointStream } from './own-streams.js';

/** Where an event is linked to: its category (what its stream's name has before the first dash), its type, its stream. */
function targetsOf({ stream, type, revision }: RecordedEvent): readonly string[] {
  if (stream.startsWith('$')) return [];
  const dash = stream.indexOf('-');
  return [
    ...(dash < 0 ? [] : [`$ce-${stream.slice(0, dash)}`]),
    ...(type.startsWith('$') ? [] : [`$et-${type}`]),
    ...(revision === 0 ? ['$streams'] : []),
  ];
}

/**
 * The system projections: every event gets a link in the stream of its category and in that of its type, and every stream
 * one in `$streams`. As in a real server, links come a moment after the events.
 *
 * The links of a batch and how far the log was read are one append, so there are neither gaps nor repetitions, whenever
 * the server stops.
 */
export class SystemProjections {
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(database: EventDatabase) {
    this.#running = this.#run(database).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) console.error('The system projections have stopped.', error);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(database: EventDatabase): Promise<void> {
    const last = await database.lastEvent(projectionCheckpointStream);
    const after = last === undefined ? 0n : BigInt(fromLog(last).data.toString());
    for await (const batch of database.subscribeToAll(after, this.#stopping.signal)) {
      if (batch === caughtUp) continue;
      const links = new Map<string, ProposedRecord[]>();
      for (const event of batch) {
        for (const target of targetsOf(event)) links.set(target, [...(links.get(target) ?? []), linkTo(event)]);
      }
      // What the projections write themselves is no reason to write more.
      if (links.size === 0) continue;
      const checkpoint = systemRecord('$ProjectionCheckpoint', Buffer.from(String(batch.at(-1)!.position)));
      const appends = [...links].map(([stream, events]): Append => ({ stream, expected: 'any', events }));
      await database.append([
        ...appends,
        { stream: projectionCheckpointStream, expected: 'any', events: [checkpoint] },
      ]);
    }
  }
}

function linkTo({ id, stream, revision, position }: RecordedEvent): ProposedRecord {
  const metadata = { $c: Number(position), $p: Number(position), $causedBy: id };
  return {
    id: randomUUID(),
    type: linkType,
    contentType: octetStream,
    data: Buffer.from(`${revision}@${stream}`),
    customMetadata: Buffer.from(JSON.stringify(metadata)),
  };
}
