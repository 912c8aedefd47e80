import { InMemoryEventStore } from './in-memory-event-store.js';
import { eventStoreConformance } from './testing/event-store-conformance.js';

eventStoreConformance('InMemoryEventStore', {
  open: async () => ({ store: new InMemoryEventStore(), dispose: async () => {} }),
});
