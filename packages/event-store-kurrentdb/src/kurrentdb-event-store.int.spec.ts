import { randomUUID } from 'node:crypto';
import { eventStoreConformance } from '@shelfmark/event-sourcing/testing';
import { afterAll, beforeAll } from 'vitest';
import { KurrentDBEventStore } from './kurrentdb-event-store.js';
import { DevServer } from './testing/dev-server.js';

let server: DevServer;

beforeAll(async () => {
  server = await DevServer.start();
});
afterAll(() => server.dispose());

/** A log that no other test knows, on a server that all of them share. */
async function open() {
  const options = { connectionString: server.quickUrl, log: `test${randomUUID().replaceAll('-', '')}` };
  const reopen = () => KurrentDBEventStore.open(options);
  return { store: await reopen(), reopen, dispose: async () => undefined };
}

eventStoreConformance('the store over KurrentDB', { open, shared: true });
