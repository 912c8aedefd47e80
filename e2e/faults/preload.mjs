// Loaded into each process of the system under test with `--import`, and nowhere else. It wraps functions of the built
// packages, so that a process can be stopped or killed at a named point, and shifts its clock; the code that is tested holds
// no hook for it. What it does, it is told over a socket:
//
//   {"arm":"flush.after","signal":"SIGKILL","after":3}    at the third time that the point is reached from now on
//   {"clockMs":3600000}                                   the process's clock goes wrong by so much; 0 puts it right
import { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const { FAULTS_PROCESS: name, FAULTS_SOCKET: path } = process.env;

let armed;

function reach(point) {
  if (armed?.arm !== point || --armed.after > 0) return;
  const { signal } = armed;
  armed = undefined;
  process.kill(process.pid, signal);
  // SIGKILL is not waited for by the kernel: nothing may happen after this point.
  if (signal === 'SIGKILL') for (;;);
}

/** Wraps a method; `point.before` is reached when it is called, `point.after` when it has returned or its promise resolved. */
function wrap(prototype, method, point, isMeant = () => true) {
  const original = prototype[method];
  // Renamed: then no fault would ever happen at this point, and nobody would notice.
  if (original === undefined) throw new Error(`there is no ${method} to wrap for ${point}`);
  prototype[method] = function (...args) {
    if (armed === undefined || !isMeant.call(this, ...args)) return original.apply(this, args);
    reach(`${point}.before`);
    const result = original.apply(this, args);
    if (typeof result?.then !== 'function') {
      reach(`${point}.after`);
      return result;
    }
    return result.then((value) => {
      reach(`${point}.after`);
      return value;
    });
  };
}

const dist = (path) => import(pathToFileURL(join(root, path)).href);

if (name.endsWith('-service')) {
  const { PublishWindow } = await dist('packages/messaging/dist/publish-window.js');
  const { MsgImpl } = await dist('node_modules/@nats-io/nats-core/lib/msg.js');
  if (process.env.EVENT_STORE === 'embedded') {
    const { EmbeddedEventStore } = await dist('packages/event-store-embedded/dist/embedded-event-store.js');
    const { Ownership } = await dist('packages/event-store-embedded/dist/ownership.js');
    wrap(EmbeddedEventStore.prototype, 'append', 'append');
    wrap(Ownership.prototype, 'commit', 'flush');
  } else {
    const { KurrentDBEventStore } = await dist('packages/event-store-kurrentdb/dist/kurrentdb-event-store.js');
    wrap(KurrentDBEventStore.prototype, 'append', 'append');
  }
  wrap(PublishWindow.prototype, 'publish', 'publish');
  wrap(MsgImpl.prototype, 'respond', 'answer');
} else if (name === 'event-store') {
  const { EventDatabase } = await dist('packages/eventstoredb-server/dist/event-database.js');
  const { Ownership } = await dist('packages/event-store-embedded/dist/ownership.js');
  wrap(EventDatabase.prototype, 'append', 'append');
  wrap(Ownership.prototype, 'commit', 'flush');
} else if (name === 'edge') {
  const { RequestClient } = await dist('packages/messaging/dist/request-client.js');
  wrap(RequestClient.prototype, 'sendCommand', 'send');
  wrap(ServerResponse.prototype, 'end', 'answer', function () {
    return !this.req.url.startsWith('/health');
  });
} else {
  const { Client } = createRequire(join(root, 'aggregators', 'package.json'))('pg');
  wrap(Client.prototype, 'query', 'commit', (query) => (query?.text ?? query) === 'COMMIT');
}

let clockMs = 0;
const SystemDate = Date;
globalThis.Date = class Date extends SystemDate {
  constructor(...args) {
    if (args.length === 0) super(SystemDate.now() + clockMs);
    else super(...args);
  }

  static now() {
    return SystemDate.now() + clockMs;
  }
};

const control = createConnection(path);
// Whoever was harnessed is no reason to live on, nor to die.
control.unref();
control.on('error', () => undefined);
control.write(`${JSON.stringify({ name, pid: process.pid })}\n`);
createInterface({ input: control }).on('line', (line) => {
  const order = JSON.parse(line);
  if ('arm' in order) armed = order;
  if ('clockMs' in order) clockMs = order.clockMs;
});
