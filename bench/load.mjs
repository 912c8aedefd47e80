import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { authorization } from './authorization.mjs';
import { percentile } from './numbers.mjs';

/**
 * So many connections, each of which sends its next request when the last is answered, for so long.
 * @param next makes a request: method, path, body, and the status that is expected
 * @returns answers per second, and after how many milliseconds half and 99 of 100 came
 */
export async function saturate(url, { connections, seconds }, next) {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const times = [];
  const end = performance.now() + seconds * 1_000;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const sentAt = performance.now();
        await send(pool, next());
        times.push(performance.now() - sentAt);
      }
    }),
  );
  const elapsed = (performance.now() - startedAt) / 1_000;
  await pool.close();
  return { 'per second': times.length / elapsed, 'p50 ms': percentile(times, 0.5), 'p99 ms': percentile(times, 0.99) };
}

/** Sends at a steady rate, whether or not what was sent before is answered; `each` is given what one request was answered. */
export async function paced(url, { connections, seconds, perSecond }, each) {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const underWay = [];
  const startedAt = performance.now();
  for (let sent = 0; sent < seconds * perSecond;) {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    for (; sent < due; sent++) underWay.push(each(pool));
    await delay(1);
  }
  await Promise.all(underWay);
  await pool.close();
}

/** @returns the answer's headers and its body as text */
export async function send(pool, { method, path, body, headers, status }) {
  const answer = await pool.request({
    method,
    path,
    headers: { ...authorization(), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== status) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  return { headers: answer.headers, text };
}
