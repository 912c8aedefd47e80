export { specification, type Given, type When } from './given-when-then.js';
export { eventStoreConformance } from './event-store-conformance.js';
