import type { JetStreamManager } from '@nats-io/jetstream';
import type { EventStore } from '@shelfmark/event-sourcing';
import { toEventMessage } from '../message.js';
import { createMirror } from '../mirror-stream.js';
import { readLog } from './log.js';

/** Writes a mirror of `book` by hand, of the log's events but those left out: one that no relay would make. */
export async function writeMirror(
  jetstream: JetStreamManager,
  store: EventStore,
  generation: number,
  leftOut: (position: bigint) => boolean = () => false,
): Promise<void> {
  await createMirror(jetstream, 'book', { logId: store.logId, generation }, 1);
  let previousPosition: bigint | undefined;
  for (const event of await readLog(store)) {
    const link = { service: 'book', source: '/test', logId: store.logId, generation, previousPosition };
    const { subject, headers, body } = toEventMessage(event, link);
    if (!leftOut(event.position)) await jetstream.jetstream().publish(subject, body, { headers });
    previousPosition = event.position;
  }
}
