import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreConformance } from '@shelfmark/event-sourcing/testing';
import { EmbeddedEventStore } from './embedded-event-store.js';

eventStoreConformance('EmbeddedEventStore', {
  open: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'store-'));
    const open = () => EmbeddedEventStore.open({ directory });
    return { store: await open(), reopen: open, dispose: () => rm(directory, { recursive: true }) };
  },
});
