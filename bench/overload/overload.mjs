#!/usr/bin/env node
// How the library behaves when far more is asked of it than it can do:
//
//   SHELFMARK_TOKEN=… node bench/overload/overload.mjs --url http://127.0.0.1:3000 [--seconds 5] [--times 5] [--json]
//
// It finds the peak first (books created in a second, by as many clients as are of use), then offers so many times as much, whether
// or not answers come, and at last counts how long it takes until the peak is reached again. It speaks HTTP itself, over sockets
// that it keeps: on one machine, what the clients cost is taken from the library.
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { authorization } from '../authorization.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    seconds: { type: 'string', default: '5' },
    times: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const { hostname, port } = new URL(values.url);
const [seconds, times] = [Number(values.seconds), Number(values.times)];

const clientCounts = [16, 48, 96];
/** So many connections offer the overload; what finds none free is not offered, and counted. */
const connections = 1_024;
const recoversWithin = 0.8;
const recoveryWindowMs = 500;
const recoveryPatienceMs = 20_000;

const signIn = Object.entries(authorization())
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

/** One connection, with one request at a time. */
class Connection {
  #socket;
  #answered;
  #buffer = '';

  /** @returns {Promise<{ status: number, retryAfter: boolean, ms: number }>} status 0 where the connection broke */
  ask(body) {
    const started = performance.now();
    return new Promise((resolve) => {
      this.#answered = (status, retryAfter) => {
        this.#answered = undefined;
        resolve({ status, retryAfter, ms: performance.now() - started });
      };
      this.#socket ??= this.#connect();
      this.#socket.write(
        `POST /books HTTP/1.1\r\nHost: ${hostname}\r\n${signIn}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
  }

  close() {
    this.#socket?.destroy();
  }

  #connect() {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const broken = () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#buffer = '';
      this.#answered?.(0, false);
    };
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#receive(text));
    socket.on('error', broken);
    socket.on('close', broken);
    return socket;
  }

  #receive(text) {
    this.#buffer += text;
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#buffer.slice(0, end).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
    if (this.#buffer.length < end + 4 + length) return;
    this.#buffer = '';
    this.#answered?.(Number(head.slice(9, 12)), head.includes('\r\nretry-after: '));
  }
}

let made = 0;
const body = () => `{"title":"Overload ${process.pid} ${made++}","amount":1}`;

/** What was answered, by status, and how long the successes took. */
class Tally {
  statuses = {};
  withoutRetryAfter = 0;
  notOffered = 0;
  #ms = [];

  add({ status, retryAfter, ms }) {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status === 201) this.#ms.push(ms);
    if ((status === 503 || status === 429) && !retryAfter) this.withoutRetryAfter++;
  }

  get done() {
    return this.#ms.length;
  }

  summary(elapsedMs) {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const at = (part) => Math.round(sorted[Math.floor(part * sorted.length)] ?? 0);
    return {
      goodput: Math.round((this.done * 1000) / elapsedMs),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      statuses: this.statuses,
      withoutRetryAfter: this.withoutRetryAfter,
      notOffered: this.notOffered,
    };
  }
}

/** Each of some clients asks again as soon as it is answered. */
async function closedLoop(clients, ms) {
  const tally = new Tally();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const connection = new Connection();
      while (performance.now() - started < ms) tally.add(await connection.ask(body()));
      connection.close();
    }),
  );
  return tally.summary(performance.now() - started);
}

/** Requests come at a rate, whatever becomes of those before. */
async function openLoop(rate, ms) {
  const tally = new Tally();
  const free = Array.from({ length: connections }, () => new Connection());
  const all = [...free];
  const underWay = new Set();
  const started = performance.now();
  for (let offered = 0; ;) {
    const elapsed = performance.now() - started;
    if (elapsed >= ms) break;
    for (; offered < (elapsed * rate) / 1000; offered++) {
      const connection = free.pop();
      if (!connection) {
        tally.notOffered++;
        continue;
      }
      const asked = connection.ask(body()).then((answer) => {
        underWay.delete(asked);
        free.push(connection);
        tally.add(answer);
      });
      underWay.add(asked);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const summary = tally.summary(performance.now() - started);
  await Promise.all(underWay);
  for (const connection of all) connection.close();
  return { ...summary, rate: Math.round(rate) };
}

async function recovery(peak, clients) {
  const started = performance.now();
  for (;;) {
    const before = performance.now() - started;
    const { goodput } = await closedLoop(clients, recoveryWindowMs);
    if (goodput >= recoversWithin * peak) return Math.round(before);
    if (before > recoveryPatienceMs) return Infinity;
  }
}

const say = (text) => {
  if (!values.json) console.log(text);
};

await closedLoop(64, 4_000);
let peak = { goodput: 0 };
for (const clients of clientCounts) {
  const found = { clients, ...(await closedLoop(clients, (seconds * 1000) / 2)) };
  say(`${clients} clients: ${found.goodput}/s, p50 ${found.p50Ms} ms, p99 ${found.p99Ms} ms`);
  if (found.goodput > peak.goodput) peak = found;
}
const overload = await openLoop(times * peak.goodput, seconds * 1000);
say(`${overload.rate}/s offered: ${overload.goodput}/s done, p50 ${overload.p50Ms} ms, p99 ${overload.p99Ms} ms`);
say(`  answers: ${JSON.stringify(overload.statuses)}, not offered for lack of connections: ${overload.notOffered}`);
const recoveryMs = await recovery(peak.goodput, peak.clients);
say(`at ${recoversWithin * 100} % of the peak again after ${recoveryMs} ms`);
// So that a peak that was a stroke of luck, or of bad luck, can be told.
const peakAfter = await closedLoop(peak.clients, (seconds * 1000) / 2);
say(`afterwards: ${peakAfter.goodput}/s, p50 ${peakAfter.p50Ms} ms, p99 ${peakAfter.p99Ms} ms`);
if (values.json) console.log(JSON.stringify({ peak, overload, recoveryMs, peakAfter }));
