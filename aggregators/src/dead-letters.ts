import { parseStreamName, type RecordedEvent } from '@shelfmark/event-sourcing';
import pg from 'pg';
import type { Query } from './view-session.js';

/** An event that cannot be shown, and why. Its stream is parked: later events of it are counted and not applied. */
export interface DeadLetter {
  readonly event: RecordedEvent;
  readonly errorName: string;
  readonly errorDetail: string;
}

/** @param cause what the handler threw, or what Postgres answered */
export function deadLetter(event: RecordedEvent, cause: unknown): DeadLetter {
  return { event, ...describe(cause) };
}

/**
 * What may be kept of an error: where it happened, never its message, for messages quote the data that they complain about,
 * and a person's name has no place here.
 */
function describe(cause: unknown): { errorName: string; errorDetail: string } {
  if (cause instanceof pg.DatabaseError) {
    const { code, table, column, constraint } = cause;
    const place = { table, column, constraint };
    return { errorName: `SQLSTATE ${code}`, errorDetail: JSON.stringify(place) };
  }
  if (cause instanceof Error) {
    const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    const places = frames.slice(0, 3).map((frame) => frame.trim().replace(/(file:\/\/)?\/[^\s():]*\//g, ''));
    return { errorName: cause.constructor.name, errorDetail: places.join(' ') };
  }
  return { errorName: typeof cause, errorDetail: '' };
}

export async function readParkedStreams(query: Query, source: string): Promise<Set<string>> {
  const { rows } = await query<{ stream: string }>('SELECT stream FROM dead_letter WHERE source = $1', [source]);
  return new Set(rows.map(({ stream }) => stream));
}

export async function recordDeadLetters(
  query: Query,
  source: string,
  deadLetters: readonly DeadLetter[],
): Promise<void> {
  for (const { event, errorName, errorDetail } of deadLetters) {
    await query(
      `INSERT INTO dead_letter (source, stream, entity, position, event_id, event_type, error_name, error_detail)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        source,
        event.stream,
        parseStreamName(event.stream).id,
        event.position,
        event.id,
        event.type,
        errorName,
        errorDetail,
      ],
    );
  }
}

export async function recordSkipped(query: Query, source: string, skipped: ReadonlyMap<string, number>): Promise<void> {
  for (const [stream, events] of skipped) {
    await query('UPDATE dead_letter SET skipped_events = skipped_events + $3 WHERE source = $1 AND stream = $2', [
      source,
      stream,
      events,
    ]);
  }
}

export async function forgetDeadLetters(query: Query, source: string): Promise<void> {
  await query('DELETE FROM dead_letter WHERE source = $1', [source]);
}
