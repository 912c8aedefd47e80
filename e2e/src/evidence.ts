import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { KurrentDBEventStore } from '@shelfmark/event-store-kurrentdb';
import { connectToNats, consumeMirror, type MirroredEvent } from '@shelfmark/messaging';
import { projectRoot, type System } from './system.js';

export const storeProgram = join(projectRoot, 'packages', 'event-store-embedded', 'dist', 'cli.js');

/** An event as an exported log has it, as far as the tests look. */
export interface LoggedEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly position: string;
}

/**
 * The events of a service's log, read beside the running service: by the program that a user has for an embedded one, else from the
 * server.
 */
export async function logOf(system: System, service: string): Promise<readonly LoggedEvent[]> {
  if (eventStoreOf(system) !== 'embedded') return serverLogOf(system, service);
  const text = execFileSync(process.execPath, [storeProgram, 'export', logDirectory(system, service)], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = text.trim().split('\n');
  return lines
    .slice(1, -1)
    .map((line) => JSON.parse(line) as LoggedEvent)
    .filter(({ type }) => type !== undefined);
}

async function serverLogOf(system: System, service: string): Promise<readonly LoggedEvent[]> {
  const connectionString = eventStoreOf(system);
  const store = await KurrentDBEventStore.open({ connectionString, log: `shelfmark.${service}` });
  const events: LoggedEvent[] = [];
  try {
    for await (const batch of store.readLog()) {
      events.push(...batch.map((event) => ({ ...event, position: String(event.position) })));
    }
  } finally {
    await store.close();
  }
  return events;
}

/** @throws what `verify` printed, if it found anything; a server's log is verified when it is read */
export function verifyLog(system: System, service: string): void {
  if (eventStoreOf(system) !== 'embedded') return;
  execFileSync(process.execPath, [storeProgram, 'verify', logDirectory(system, service)], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

function eventStoreOf(system: System): string {
  return system.environment('book-service')['EVENT_STORE']!;
}

function logDirectory(system: System, service: string): string {
  return join(system.dataDir, 'services', `${service}-service`);
}

/** The events that lie on the bus for a service; the reader checks their chain. @param count so many are waited for */
export async function mirrorOf(system: System, service: string, count: number): Promise<readonly MirroredEvent[]> {
  const connection = await connectToNats({ url: system.busUrl, name: 'e2e' });
  const enough = AbortSignal.timeout(60_000);
  const events: MirroredEvent[] = [];
  try {
    for await (const batch of consumeMirror(connection, { service, signal: enough })) {
      if (batch.kind === 'events') events.push(...batch.events);
      if (events.length >= count) break;
    }
  } finally {
    await connection.close();
  }
  return events;
}
