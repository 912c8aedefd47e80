import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoRecord } from '../testing/marc-records.js';
import { Iso2709Records, beginsIso2709 } from './iso2709-records.js';
import { readMarcBook } from './marc-book.js';
import type { NumberedRecord } from './marc-record.js';
import { MarcXmlRecords } from './marcxml-records.js';

const samples = new URL('../../../marc/samples/', import.meta.url);

function read(bytes: Uint8Array, pieces: readonly number[] = []): NumberedRecord[] {
  const records = new Iso2709Records();
  const found: NumberedRecord[] = [];
  let start = 0;
  for (const length of pieces) {
    found.push(...records.push(bytes.subarray(start, start + length)));
    start += length;
  }
  return [...found, ...records.push(bytes.subarray(start)), ...records.end()];
}

/** Of each record the title, or why it is none. */
function titles(bytes: Uint8Array, pieces?: readonly number[]): string[] {
  return read(bytes, pieces).map((record) =>
    'damage' in record
      ? record.damage
      : (record.marc.fields.find(({ tag }) => tag === '245')?.subfields[0]?.value ?? 'no title'),
  );
}

const [emma, faust, dune] = ['Emma', 'Faust', 'Dune'].map((title) =>
  isoRecord([
    ['001', title],
    ['245', `a${title}`],
  ]),
) as [Buffer, Buffer, Buffer];

describe('records in ISO 2709', () => {
  it('are those that an independent program finds, with the same texts', () => {
    const ours = read(readFileSync(new URL('marc-8.mrc', samples)));
    const parser = new MarcXmlRecords();
    const theirs = [...parser.push(readFileSync(new URL('marc-8.xml', samples), 'utf8')), ...parser.end()];
    expect(ours).toHaveLength(23);
    expect(ours.map(readMarcBook)).toEqual(theirs.map(readMarcBook));
    expect(ours.map(readMarcBook).every((row) => 'item' in row)).toBe(true);
  });

  it('are the same, in whatever pieces the file comes', () => {
    const file = readFileSync(new URL('marc-8.mrc', samples)).subarray(0, 4_000);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 700 })), (pieces) => {
        expect(read(file, pieces)).toEqual(read(file));
      }),
    );
  });

  it('may be parted by line ends, and follow a byte order mark', () => {
    const file = Buffer.concat([Buffer.from('\ufeff'), emma, Buffer.from('\r\n'), faust, Buffer.from('\r\n\x1a')]);
    expect(titles(file)).toEqual(['Emma', 'Faust']);
    expect(beginsIso2709(file.toString())).toBe(true);
    expect(beginsIso2709('title,author\n00123nam,x')).toBe(false);
  });

  it('in UTF-8 that do not say so are read as what they are', () => {
    const record = isoRecord([['245', 'aLes misérables – 東京']], { leader9: ' ' });
    expect(titles(record)).toEqual(['Les misérables – 東京']);
  });

  it('are numbered, and each says what is wrong with it, where real ones are damaged', () => {
    const records = read(readFileSync(new URL('damaged.mrc', samples)));
    expect(records.map((record) => ('damage' in record ? record.damage : record.record))).toEqual([
      1,
      ...Array.from({ length: 4 }, () => 'its directory is damaged'),
      'its leader is damaged',
      7,
      8,
      'the file ends before the record does',
    ]);
  });
});

describe('a damaged record is lost alone', () => {
  const file = (...parts: Buffer[]) => Buffer.concat(parts);

  it('whose end mark is missing', () => {
    const missing = 'the mark at its end is missing';
    expect(titles(file(emma, faust.subarray(0, -1), dune))).toEqual(['Emma', missing, 'Dune']);
    const overwritten = Buffer.from(faust).fill(0x20, faust.length - 1);
    expect(titles(file(emma, overwritten, dune))).toEqual(['Emma', missing, 'Dune']);
  });

  it('whose length is wrong', () => {
    const wrong = Buffer.from(faust);
    wrong.write('00099');
    expect(titles(file(emma, wrong, dune))).toEqual([
      'Emma',
      `its leader says 99 bytes, and it has ${faust.length}`,
      'Dune',
    ]);
    wrong.write('x0099');
    expect(titles(file(emma, wrong, dune))).toEqual(['Emma', 'its leader is damaged', 'Dune']);
  });

  it('that was cut off', () => {
    expect(titles(file(emma, faust.subarray(0, 40), dune))).toEqual(['Emma', 'the mark at its end is missing', 'Dune']);
    expect(titles(file(emma, faust.subarray(0, 40)))).toEqual(['Emma', 'the file ends before the record does']);
  });

  it('whose text is in no known encoding; in a field that is not read, that does no harm', () => {
    const broken = Buffer.from([0x61, 0xff, 0xfe]);
    expect(read(file(isoRecord([['245', broken]]), dune))).toMatchObject([
      { record: 1, damage: 'it holds bytes that are not UTF-8', tag: '245' },
      { record: 2 },
    ]);
    expect(
      titles(
        isoRecord([
          ['245', 'aEmma'],
          ['500', broken],
        ]),
      ),
    ).toEqual(['Emma']);
    const escape = Buffer.from('a\x1b(Zx');
    expect(titles(isoRecord([['245', escape]], { leader9: ' ' }))).toEqual([
      'it changes to a character set that MARC-8 does not have',
    ]);
  });

  it('also when it goes on without an end for longer than any record', () => {
    const endless = Buffer.alloc(500_000, 'x');
    const pieces = Array.from({ length: 9 }, () => 64 * 1024);
    expect(titles(file(emma, endless, Buffer.from([0x1d]), dune), pieces)).toEqual([
      'Emma',
      'the record is longer than 100000 bytes',
      'Dune',
    ]);
  });

  it('wherever a byte is changed, or bytes are lost, all records but two neighbours are as they were', () => {
    const records = Array.from({ length: 6 }, (_, n) =>
      isoRecord([
        ['001', `${n}`],
        ['245', `aTitle ${n}`],
        ['650', 'aSea'],
      ]),
    );
    const whole = Buffer.concat(records);
    const damage = fc.record({
      at: fc.nat({ max: whole.length - 1 }),
      byte: fc.nat({ max: 255 }),
      lost: fc.nat({ max: 30 }),
    });
    fc.assert(
      fc.property(damage, ({ at, byte, lost }) => {
        const damaged = Buffer.concat([whole.subarray(0, at), Buffer.from([byte]), whole.subarray(at + 1 + lost)]);
        const survived = titles(damaged).filter((title) => /^Title \d$/.test(title));
        expect(new Set(survived).size).toBeGreaterThanOrEqual(4);
      }),
      { numRuns: 500 },
    );
  });
});
