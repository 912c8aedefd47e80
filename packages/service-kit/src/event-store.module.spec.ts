import { expect, it } from 'vitest';
import { readConfig } from './config.js';
import { eventStore } from './event-store.module.js';

const spec = { store: eventStore('EVENT_STORE') };

it.each([
  [{}, 'embedded'],
  [{ EVENT_STORE: 'embedded' }, 'embedded'],
  [{ EVENT_STORE: 'kurrentdb://u:p@a:2113,b:2113?tls=false' }, 'kurrentdb://u:p@a:2113,b:2113?tls=false'],
])('the event store of %j is %s', (env, store) => {
  expect(readConfig(spec, env)).toEqual({ store });
});

it.each(['memory', 'nats://desk:hunter2@host', 'kurrentdb://desk:hunter2@host:port', 'kurrentdb://desk:hunter2@h?x=1'])(
  'the event store %s is a mistake, which is told without the password',
  (text) => {
    expect(() => readConfig(spec, { EVENT_STORE: text })).toThrow(
      /^EVENT_STORE must be embedded or a connection string, and such a string (?!.*hunter2)/,
    );
  },
);
