import { Pool } from 'undici';
import { saturate, send } from '../load.mjs';

/** One book, and a search, out of the views. */
export default {
  name: 'reads',
  needsSystem: true,
  when: 'inRounds',
  async prepare({ system, ...options }) {
    const pool = new Pool(system.url, { connections: 1 });
    const book = { title: 'Northanger Abbey', authors: ['Austen, Jane'], languages: ['en'], amount: 1 };
    const { headers, text } = await send(pool, { method: 'POST', path: '/books', body: book, status: 201 });
    const path = `/books/${JSON.parse(text).id}`;
    await send(pool, {
      method: 'GET',
      path,
      headers: { 'shelfmark-position': headers['shelfmark-position'] },
      status: 200,
    });
    await pool.close();
    return async () => {
      const one = await saturate(system.url, options, () => ({ method: 'GET', path, status: 200 }));
      const search = await saturate(system.url, options, () => ({
        method: 'GET',
        path: '/books?q=northanger+abb',
        status: 200,
      }));
      return { ...named('a book', one), ...named('a search', search) };
    };
  },
};

function named(what, numbers) {
  return Object.fromEntries(Object.entries(numbers).map(([name, number]) => [`${what}, ${name}`, number]));
}
