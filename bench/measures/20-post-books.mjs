import { saturate } from '../load.mjs';

/** A title into the catalogue: one stream, one flush, many of them sharing it. */
export default {
  name: 'post-books',
  needsSystem: true,
  when: 'inRounds',
  ratios: [
    {
      what: 'POST /books ÷ NATS request',
      of: 'post-books: per second',
      to: 'nats: requests per second',
      aim: '≥ 0.33',
    },
    { what: 'POST /books ÷ fdatasync', of: 'post-books: per second', to: 'fdatasync: flushes per second' },
    { what: 'POST /books ÷ bare Nest', of: 'post-books: per second', to: 'nest: per second' },
  ],
  async prepare({ system, ...options }) {
    let count = 0;
    const next = () => ({ method: 'POST', path: '/books', body: { title: `Emma ${count++}`, amount: 1 }, status: 201 });
    await saturate(system.url, { ...options, seconds: 2 }, next);
    return () => saturate(system.url, options, next);
  },
};
