import { Pool } from 'undici';
import { saturate, send } from '../load.mjs';

const borrowers = 200;

/** A copy goes out: two streams in one append, the book's and the borrower's. */
export default {
  name: 'post-rents',
  needsSystem: true,
  when: 'inRounds',
  ratios: [{ what: 'POST /rents ÷ NATS request', of: 'post-rents: per second', to: 'nats: requests per second' }],
  async prepare({ system, ...options }) {
    const pool = new Pool(system.url, { connections: options.connections, pipelining: 1 });
    const made = async (path, body) =>
      JSON.parse((await send(pool, { method: 'POST', path, body, status: 201 })).text).id;
    const users = await Promise.all(
      Array.from({ length: borrowers }, (_, n) =>
        made('/users', { name: `Reader ${n}`, email: `reader-${n}@bench.example`, rentLimit: 100 }),
      ),
    );
    // Each book to each reader once, and no reader above the limit: as many books as a reader may have out.
    const books = await Promise.all(
      Array.from({ length: 100 }, (_, n) => made('/books', { title: `Lent ${n}`, amount: borrowers })),
    );
    let next = 0;
    const rent = () => {
      const userId = users[next % borrowers];
      const bookId = books[(Math.floor(next / borrowers) + next) % books.length];
      next++;
      return { method: 'POST', path: '/rents', body: { userId, bookId }, status: 201 };
    };
    // What goes out in a round comes back after it, so that the next one finds readers below their limits.
    const run = async () => {
      const from = next;
      const numbers = await saturate(system.url, options, () => {
        if (next - from >= borrowers * books.length) throw new Error('every reader has every book out');
        return rent();
      });
      const out = [];
      for (let n = from; n < next; n++) {
        out.push([users[n % borrowers], books[(Math.floor(n / borrowers) + n) % books.length]]);
      }
      for (let n = 0; n < out.length; n += 500) {
        await Promise.all(
          out
            .slice(n, n + 500)
            .map(([userId, bookId]) =>
              send(pool, { method: 'DELETE', path: `/rents?book_id=${bookId}&user_id=${userId}`, status: 204 }),
            ),
        );
      }
      return numbers;
    };
    run.end = () => pool.close();
    return run;
  },
};
