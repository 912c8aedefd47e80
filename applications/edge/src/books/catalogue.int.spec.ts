import { createHash } from 'node:crypto';
import { foldedWords, indexedWords } from '@shelfmark/contracts';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  EdgeUnderTest,
  type Servers,
  emptyViews,
  makeViews,
  startServers,
} from '../testing/edge-under-test.js';

interface Title {
  readonly title: string;
  readonly authors?: readonly string[];
  readonly subjects?: readonly string[];
  readonly languages?: readonly string[];
  readonly isbn?: string;
  readonly amount?: number;
}

let servers: Servers;
let edge: EdgeUnderTest;
let database: pg.Client;
let inserted = 0;

beforeAll(async () => {
  servers = await startServers();
  database = new pg.Client({ connectionString: servers.databaseUrl });
  await database.connect();
  await makeViews(servers);
  edge = await EdgeUnderTest.start(servers);
});

beforeEach(async () => {
  await emptyViews(database);
  await database.query('TRUNCATE books.word');
});

afterAll(async () => {
  await edge?.stop();
  await database?.end();
  await servers?.stop();
});

/** Titles as the books view writes them, each a second after the one before. */
async function insert(...titles: readonly Title[]): Promise<void> {
  const lexemes = (field: string, texts: readonly string[]): string =>
    indexedWords(texts.join('\n'))
      .map((word) => field + word)
      .join(' ');
  const rows = titles.map(({ title, authors = [], subjects = [], languages = [], isbn = null, amount = 1 }) => ({
    id: idOf(inserted),
    title,
    title_key: foldedWords(title),
    title_words: lexemes('t', [title]),
    authors,
    author_words: lexemes('a', authors),
    subjects,
    subject_words: lexemes('s', subjects),
    languages,
    isbn,
    amount,
    at: new Date(Date.UTC(2026, 0, 1) + inserted++ * 1_000),
  }));
  await database.query(
    `INSERT INTO books.book (id, revision, title, title_key, title_words, authors, author_words, subjects, subject_words,
       languages, isbn, amount, created_at, updated_at)
     SELECT id, 0, title, title_key, title_words, authors, author_words, subjects, subject_words, languages, isbn, amount, at, at
     FROM json_to_recordset($1) AS given(id uuid, title text, title_key text, title_words tsvector, authors jsonb,
       author_words tsvector, subjects jsonb, subject_words tsvector, languages jsonb, isbn text, amount int, at timestamptz)`,
    [JSON.stringify(rows)],
  );
}

/** In no order, as the ids of a service are. */
function idOf(number: number): string {
  const hex = createHash('sha256').update(String(number)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function search(parameters: Record<string, string>): Promise<Answer> {
  const answer = await edge.request('GET', `/books?${new URLSearchParams(parameters).toString()}`);
  expect(answer.status, answer.text).toBe(200);
  return answer;
}

const titlesOf = ({ json }: Answer): string[] => json._embedded.books.map(({ title }: Title) => title);
const found = async (q: string): Promise<string[]> => titlesOf(await search({ q }));

describe('a search', () => {
  it('ranks the beginning of a title, then words of it, then beginnings of words, then authors, then subjects', async () => {
    await insert(
      { title: 'A', subjects: ['Emma (Fictitious character)'] },
      { title: 'B', authors: ['Emmanuel, Victor'] },
      { title: 'C Emmaus' },
      { title: 'D, or Emma' },
      { title: 'Emmanuel' },
      { title: 'Emma: A Novel' },
      { title: 'EMMA' },
      { title: 'Persuasion' },
    );
    const ranked = ['EMMA', 'Emma: A Novel', 'Emmanuel', 'D, or Emma', 'C Emmaus', 'B', 'A'];
    expect(await found('emma')).toEqual(ranked);
    expect(titlesOf(await search({ q: 'emma', sort: 'title' }))).toEqual(
      [...ranked].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    );
    expect(titlesOf(await search({ q: 'emma', sort: 'newest' }))[0]).toBe('EMMA');
  });

  it('finds several words in any order and in several fields, and none where one of them is missing', async () => {
    await insert(
      { title: 'Pride and Prejudice', authors: ['Austen, Jane'] },
      { title: 'Emma', authors: ['Austen, Jane'] },
    );
    expect(await found('prejudice PRIDE')).toEqual(['Pride and Prejudice']);
    expect(await found('jane prej')).toEqual(['Pride and Prejudice']);
    expect(await found('austen melville')).toEqual([]);
  });

  it.each([
    ['bronte', 'Brontë: A Life'],
    ['BRONTË', 'Bronte: A Life'],
    ['gullivers travels', 'Gulliver’s Travels'],
    ['война', 'Война и мир'],
    ['ВОЙНА', 'Война и мир'],
    ['οδυσσεια', 'Ὀδύσσεια'],
    ['樓夢', '紅樓夢'],
    ['樓', '紅樓夢'],
    ['物語', '源氏物語'],
    ['がっこう', 'あたらしいがっこう'],
    ['हिन्दी', 'सरल हिन्दी'],
    ['한국', '한국어'],
    ['하', '한국어'],
    ['straße', 'Die Strasse'],
    ['œuvres', 'Oeuvres complètes'],
  ])('for %s finds %s', async (q, title) => {
    await insert({ title }, { title: 'Something else' });
    expect(await found(q)).toEqual([title]);
  });

  it.each([
    ['frankinstein', 'Frankenstein'],
    ['pryde and prejudise', 'Pride and Prejudice'],
    ['shakespaer', 'The Works of Shakespeare'],
    ['emam', 'Emma'],
    ['дастоевский', 'Достоевский'],
  ])('for the slip %s finds %s, and says by which words', async (q, title) => {
    await insert({ title }, { title: 'Something else' });
    const answer = await search({ q });
    expect(titlesOf(answer)).toEqual([title]);
    expect(Object.keys(answer.json.spellings)).not.toEqual([]);
  });

  it('does not look for other words where it finds something as it was typed', async () => {
    await insert({ title: 'Bride' }, { title: 'Pride' });
    const answer = await search({ q: 'pride' });
    expect(titlesOf(answer)).toEqual(['Pride']);
    expect(answer.json).not.toHaveProperty('spellings');
  });

  it.each(['0-306-40615-2', '9780306406157', '978 0 306 40615 7', 'ISBN: 978-0-306-40615-7', 'isbn-10 0306406152'])(
    'for %s finds the book with this ISBN',
    async (q) => {
      await insert({ title: 'A', isbn: '9780306406157' }, { title: 'B' });
      expect(await found(q)).toEqual(['A']);
    },
  );

  it.each([
    '?!',
    "'",
    '\\',
    ':* & | ! ( ) <->',
    "t'':A",
    '%',
    '_',
    '\u{10ffff}',
    'x'.repeat(200),
    'a '.repeat(99),
    '紅'.repeat(200),
  ])('for %s answers like for any other words', async (q) => {
    await insert({ title: 'Something' });
    expect((await search({ q })).json.total).toBe(0);
  });
});

describe('the facets', () => {
  it('count what is found, most frequent first, and agree with the filters', async () => {
    const fiction = { subjects: ['Fiction', 'Love stories'], languages: ['en'] };
    await insert(
      { title: 'Love one', ...fiction },
      { title: 'Love two', ...fiction, amount: 0 },
      { title: 'Love three', subjects: ['Fiction'], languages: ['en', 'fr'] },
      { title: 'War', subjects: ['History'], languages: ['de'] },
    );
    const facets = (await search({ q: 'love' })).json._facets;
    expect(facets).toEqual({
      countedIn: 3,
      language: [
        { value: 'en', count: 3 },
        { value: 'fr', count: 1 },
      ],
      available: [
        { value: true, count: 2 },
        { value: false, count: 1 },
      ],
      subject: [
        { value: 'Fiction', count: 3 },
        { value: 'Love stories', count: 2 },
      ],
    });
    for (const facet of ['language', 'available', 'subject']) {
      for (const { value, count } of facets[facet]) {
        expect((await search({ q: 'love', [facet]: String(value) })).json.total).toBe(count);
      }
    }
    expect((await search({ subject: 'fiction' })).json.total).toBe(0);
    expect((await search({ language: 'de', available: 'true', subject: 'History' })).json.total).toBe(1);
  });
});

describe('the pages of a search', () => {
  const many = (count: number, title: (index: number) => string): Title[] =>
    Array.from({ length: count }, (_, index) => ({
      title: title(index),
      authors: index % 3 === 0 ? ['Whale, W.'] : [],
    }));

  async function walk(
    path: string,
    link: 'next' | 'prev',
    between = async (): Promise<void> => {},
  ): Promise<{ ids: string[]; last: string }> {
    const ids: string[] = [];
    for (let at = path; ;) {
      const { json, status } = await edge.request('GET', at);
      expect(status).toBe(200);
      const page = json._embedded.books.map(({ id }: { id: string }) => id);
      ids.push(...(link === 'next' ? page : page.reverse()));
      if (!json._links[link]) return { ids, last: at };
      at = json._links[link].href;
      await between();
    }
  }

  // Few rows are looked up at once; among many, what is frequent is read along the list.
  it.each([
    ['relevance', 40],
    ['title', 40],
    ['newest', 40],
    ['relevance', 4_000],
    ['newest', 4_000],
  ])('by %s show each of %d titles once, forwards and backwards', async (sort, count) => {
    await insert(
      ...many(count, (index) => ['Whale', 'The whale', 'Whales', 'The whales', 'W'][index % 5]! + (index % 7)),
    );
    const path = `/books?q=wha&sort=${sort}&limit=${Math.ceil(count / 40)}`;
    const forwards = await walk(path, 'next');
    const { rows } = await database.query<{ count: number }>(
      `SELECT count(*)::int FROM books.book WHERE title ~* 'wha' OR authors::text ~* 'wha'`,
    );
    expect(forwards.ids).toHaveLength(rows[0]!.count);
    expect(new Set(forwards.ids).size).toBe(forwards.ids.length);
    expect((await walk(forwards.last, 'prev')).ids).toEqual(forwards.ids.slice(0, forwards.ids.length).reverse());
  });

  it.each([['wha'], ['wahle']])('for %s show each title once while others come in', async (q) => {
    await insert(...many(60, (index) => `${index % 2 === 0 ? 'Whale' : 'The whale'} ${index}`));
    const { rows } = await database.query<{ id: string }>('SELECT id FROM books.book');
    let more = 0;
    const { ids } = await walk(`/books?q=${q}&limit=7`, 'next', () =>
      insert({ title: `A whale ${more++}` }, { title: 'Wahlen' }),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(rows.filter(({ id }) => !ids.includes(id))).toEqual([]);
  });

  it('are not led to by a cursor of another order or of somebody’s own making', async () => {
    await insert({ title: 'Whale 1' }, { title: 'Whale 2' });
    const { json } = await search({ q: 'whale', limit: '1' });
    const cursor = new URL(json._links.next.href, edge.url).searchParams.get('cursor')!;
    const made = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
    for (const wrong of [
      'x',
      made('relevance', 'next', 9, 'a', idOf(1), []),
      made('relevance', 'next', 0, 'a', 'b', []),
      made('relevance', 'next', 0, 'a', idOf(1), [['whale', ["x' | 'y"]]]),
      made('relevance', 'next', 0, '\ud800', idOf(1), []),
    ]) {
      const answer = await edge.request('GET', `/books?q=whale&cursor=${wrong}`);
      expect(answer.json).toMatchObject({ status: 400, errors: [{ parameter: 'cursor' }] });
    }
    expect((await edge.request('GET', `/books?q=whale&sort=title&cursor=${cursor}`)).status).toBe(400);
    const ofAnotherQuery = made('relevance', 'next', 4, 'a', idOf(1), []);
    expect((await search({ sort: 'relevance', cursor: ofAnotherQuery })).json.count).toBe(0);
  });
});
