import { expect, test } from 'vitest';
import { StreamLocks } from './stream-locks.js';

const exclusive = { exclusive: true };
const shared = { exclusive: false };
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('many share a lock; who wants to be alone waits for them, and those who come later for it', async () => {
  const locks = new StreamLocks();
  const order: string[] = [];
  const hold = async (name: string, how: { exclusive: boolean }) => {
    const release = await locks.hold(['s'], how);
    order.push(name);
    return release;
  };
  const [first, second] = await Promise.all([hold('first', shared), hold('second', shared)]);
  const alone = hold('alone', exclusive);
  const [third, fourth] = [hold('third', shared), hold('fourth', shared)];
  const last = hold('last', exclusive);
  await turn();
  expect(order).toEqual(['first', 'second']);
  first();
  await turn();
  expect(order).toHaveLength(2);
  second();
  await turn();
  expect(order).toEqual(['first', 'second', 'alone']);
  (await alone)();
  await turn();
  expect(order).toEqual(['first', 'second', 'alone', 'third', 'fourth']);
  (await third)();
  (await fourth)();
  (await last)();
  (await hold('after', shared))();
  expect(order.slice(-2)).toEqual(['last', 'after']);
});

test('several streams are taken in one order, so nobody waits for ever', async () => {
  const locks = new StreamLocks();
  let done = 0;
  const work = Array.from({ length: 200 }, async (_, index) => {
    const streams = index % 2 === 0 ? ['a', 'b', 'c', 'a'] : ['c', 'b', 'a'];
    const release = await locks.hold(streams, { exclusive: index % 3 === 0 });
    await turn();
    release();
    done++;
  });
  await Promise.all(work);
  expect(done).toBe(200);
});
