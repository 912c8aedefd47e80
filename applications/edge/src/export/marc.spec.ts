import type { BookRow } from '@shelfmark/contracts';
import { describe, expect, it } from 'vitest';
import { marcRecord, marcXmlRecord } from './marc.js';

const emma: BookRow = {
  id: '01a1fcc8-d1d5-755e-bb9c-7553cc88b1eb',
  revision: 0,
  title: 'Émma & <Co>',
  authors: ['Austen, Jane', 'Other, Ann'],
  isbn: '9780804429573',
  languages: ['en', 'de-AT'],
  subjects: ['England -- Fiction'],
  year: 1815,
  amount: 3,
  createdAt: '2026-01-31T10:00:00.000Z',
  updatedAt: '2026-02-01T10:00:00.000Z',
  inUse: 0,
  parked: false,
};

/** The fields of a record in ISO 2709, as its directory says where they are. */
function fieldsOf(record: string): readonly string[] {
  const bytes = Buffer.from(record);
  const base = Number(bytes.toString('latin1', 12, 17));
  const fields: string[] = [];
  for (let at = 24; at < base - 1; at += 12) {
    const [, tag, size, start] = /^(...)(\d{4})(\d{5})$/.exec(bytes.toString('latin1', at, at + 12))!;
    const field = bytes.toString('utf8', base + Number(start), base + Number(start) + Number(size));
    expect(field.endsWith('\x1e')).toBe(true);
    fields.push(`${tag} ${field.slice(0, -1).replaceAll('\x1f', '$')}`);
  }
  return fields;
}

describe('a book as a record of MARC 21', () => {
  it('has its bytes counted, and says that it is in UTF-8', () => {
    const record = marcRecord(emma);
    expect(Number(record.slice(0, 5))).toBe(Buffer.byteLength(record));
    expect(record.slice(5, 12)).toBe('nam a22');
    expect(record.endsWith('\x1d')).toBe(true);
    expect(fieldsOf(record)).toEqual([
      '001 01a1fcc8-d1d5-755e-bb9c-7553cc88b1eb',
      '003 Shelfmark',
      '005 20260201100000.0',
      '008 260131s1815    xx                  eng d',
      '020   $a9780804429573',
      '041  7$aen$ade-AT$2rfc5646',
      '100 1 $aAusten, Jane',
      '245 10$aÉmma & <Co>',
      '264  1$c1815',
      '650  4$aEngland$xFiction',
      '700 1 $aOther, Ann',
      '901   $c3',
    ]);
    expect(fieldsOf(record)[3]!.slice(4)).toHaveLength(40);
  });

  it('is the same in XML', () => {
    expect(marcXmlRecord(emma)).toContain(
      '<controlfield tag="001">01a1fcc8-d1d5-755e-bb9c-7553cc88b1eb</controlfield>',
    );
    expect(marcXmlRecord(emma)).toContain(
      '<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Émma &amp; &lt;Co&gt;</subfield></datafield>',
    );
  });

  it('leaves out what it does not have', () => {
    const bare = { ...emma, authors: [], isbn: null, languages: [], subjects: [], year: null };
    expect(fieldsOf(marcRecord(bare)).map((field) => field.slice(0, 3))).toEqual([
      '001',
      '003',
      '005',
      '008',
      '245',
      '901',
    ]);
  });

  it('leaves out the last subjects where it would be too long for ISO 2709, but not in XML', () => {
    const subjects = Array.from({ length: 200 }, (_, n) => `${n} ${'東'.repeat(490)}`);
    const record = marcRecord({ ...emma, subjects });
    expect(Buffer.byteLength(record)).toBeLessThan(100_000);
    expect(fieldsOf(record).filter((field) => field.startsWith('650')).length).toBeGreaterThan(50);
    expect(fieldsOf(record)).toContain('901   $c3');
    expect(marcXmlRecord({ ...emma, subjects }).match(/tag="650"/g)).toHaveLength(200);
  });

  it('has spaces for what parts its fields, and for what XML cannot hold', () => {
    const title = 'a\x1fb\x1ec\x1dd\x0be';
    expect(fieldsOf(marcRecord({ ...emma, title }))).toContain('245 10$aa b c d e');
    expect(marcXmlRecord({ ...emma, title })).toContain('>a b c d e<');
  });
});
