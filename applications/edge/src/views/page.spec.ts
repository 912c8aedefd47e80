import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuid } from '../http/entity-id.js';
import { type Sort, cutPage, formatCursor, parseCursor } from './page.js';

const byTitle: Sort = { name: 'title', column: 'title_key', kind: 'text', direction: 'ASC' };
const newest: Sort = { name: 'newest', column: 'created_at', kind: 'time', direction: 'DESC' };
const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const row = (sortKey: string) => ({ id, sortKey });

describe('a cursor', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.uuid(), (key, anyId) => {
        fc.pre(!key.includes('\0'));
        const cursor = { towards: 'prev', key, id: anyId } as const;
        expect(parseCursor(formatCursor(byTitle, cursor), byTitle, uuid)).toEqual(cursor);
      }),
    );
  });

  it('is of use in its own order only', () => {
    const cursor = formatCursor(byTitle, { towards: 'next', key: '17', id });
    expect(() => parseCursor(cursor, newest, uuid)).toThrow(expect.objectContaining({ code: 'InvalidParameter' }));
  });

  it.each([
    ['nonsense'],
    ['%%%'],
    [''],
    [JSON.stringify(['newest', 'next', '12x', id])],
    [JSON.stringify(['newest', 'next', '12345678901234567', id])],
    [JSON.stringify(['newest', 'sideways', '12', id])],
    [JSON.stringify(['newest', 'next', '12', 'x'])],
    [JSON.stringify(['newest', 'next', '12', id, 'more'])],
    [JSON.stringify(['newest', 'next', 12, id])],
    [JSON.stringify({ length: 4 })],
  ])('is not made of %s', (text) => {
    for (const cursor of [text, Buffer.from(text).toString('base64url')]) {
      expect(() => parseCursor(cursor, newest, uuid)).toThrow(expect.objectContaining({ status: 400 }));
    }
  });
});

describe('a page', () => {
  const first = { sort: byTitle, cursor: undefined, limit: 2 };
  const at = (towards: 'next' | 'prev', key: string) => ({ ...first, cursor: { towards, key, id } });
  const keyOf = (cursor: string | undefined) => cursor && parseCursor(cursor, byTitle, uuid).key;

  it('has a next one where there are more rows, and the first has none before it', () => {
    const page = cutPage({ total: 3, rows: ['a', 'b', 'c'].map(row) }, first);
    expect(page.rows.map(({ sortKey }) => sortKey)).toEqual(['a', 'b']);
    expect([keyOf(page.prev), keyOf(page.next)]).toEqual([undefined, 'b']);
  });

  it('has none after it at the end', () => {
    const page = cutPage({ total: 3, rows: [row('c')] }, at('next', 'b'));
    expect([keyOf(page.prev), keyOf(page.next)]).toEqual(['c', undefined]);
  });

  it('that was read backwards is in the order of the list', () => {
    const page = cutPage({ total: 9, rows: ['c', 'b', 'a'].map(row) }, at('prev', 'd'));
    expect(page.rows.map(({ sortKey }) => sortKey)).toEqual(['b', 'c']);
    expect([keyOf(page.prev), keyOf(page.next)]).toEqual(['b', 'c']);
  });

  it('that is empty leads nowhere', () => {
    expect(cutPage({ total: 0, rows: [] }, first)).toEqual({ rows: [], total: 0, next: undefined, prev: undefined });
  });
});
