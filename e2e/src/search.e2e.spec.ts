import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { System, until } from './system.js';

let system: System;
let api: Api;

// With the demo catalogue: a thousand titles of Project Gutenberg.
beforeAll(async () => {
  system = await System.create([]);
  await system.start();
  api = new Api(system);
  await until('the catalogue is there', async () => (await api.get('/books?limit=1')).body.total === 1_000, 120_000);
});
afterAll(() => system.dispose());

async function titles(q: string): Promise<string[]> {
  const { status, body } = await api.get(`/books?q=${encodeURIComponent(q)}`);
  expect(status).toBe(200);
  return body._embedded.books.map(({ title }: { title: string }) => title);
}

describe('a reader', () => {
  it('finds a title while typing it', async () => {
    for (const typed of ['ali', 'alice', "alice's adv", 'alices adventures in won']) {
      expect(
        (await titles(typed)).some((title) => /^Alice.s Adventures in Wonderland/.test(title)),
        typed,
      ).toBe(true);
    }
  });

  it('finds it by author and word in any order, in any case, and in spite of slips', async () => {
    for (const typed of ['carroll wonderland', 'WONDERLAND Carroll', 'wonderlnad carrol', 'adventurs in wonderlend']) {
      expect(
        (await titles(typed)).some((title) => /Wonderland/.test(title)),
        typed,
      ).toBe(true);
    }
  });

  it('sees the title that begins so before those that have it somewhere', async () => {
    const [first] = await titles('frankenstein');
    expect(first).toMatch(/^Frankenstein/);
  });

  it('finds a new book at once, in any script and by its ISBN, and under its new title when that changes', async () => {
    const { body: book } = await api.post('/books', { title: '紅樓夢', isbn: '0-306-40615-2', amount: 1 });
    expect(await titles('樓夢')).toEqual(['紅樓夢']);
    expect(await titles('ISBN 978-0-306-40615-7')).toEqual(['紅樓夢']);
    await api.request('PATCH', `/books/${book.id}`, { body: { title: 'Ὀνειροκριτικά' } });
    expect(await titles('樓夢')).toEqual([]);
    expect(await titles('ονειροκρ')).toEqual(['Ὀνειροκριτικά']);
    await api.request('DELETE', `/books/${book.id}`);
    expect(await titles('ονειροκρ')).toEqual([]);
  });

  it('is told what the filters would leave, and that is what they leave', async () => {
    const { body } = await api.get('/books?q=love');
    expect(body.total).toBeGreaterThan(0);
    for (const facet of ['language', 'available', 'subject']) {
      for (const { value, count } of body._facets[facet].slice(0, 3)) {
        const filtered = await api.get(`/books?q=love&${facet}=${encodeURIComponent(value)}`);
        expect(filtered.body.total).toBe(count);
      }
    }
  });
});
