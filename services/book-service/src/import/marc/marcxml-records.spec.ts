import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MarcXmlRecords, beginsMarcXml, hasMarcXmlRecord } from './marcxml-records.js';

function titles(xml: string, pieces: readonly number[] = []): string[] {
  const parser = new MarcXmlRecords();
  const records = [];
  let start = 0;
  for (const length of pieces) {
    records.push(...parser.push(xml.slice(start, start + length)));
    start += length;
  }
  records.push(...parser.push(xml.slice(start)), ...parser.end());
  expect(records.map(({ record }) => record)).toEqual(records.map((_, index) => index + 1));
  return records.map((record) =>
    'damage' in record ? record.damage : (record.marc.fields[0]?.subfields[0]?.value ?? 'no field'),
  );
}

const record = (title: string, prefix = '') =>
  `<${prefix}record type="Bibliographic">
  <${prefix}leader>00000nam a2200000 a 4500</${prefix}leader>
  <${prefix}datafield tag='245' ind1='1' ind2='0'><${prefix}subfield code='a'>${title}</${prefix}subfield></${prefix}datafield>
</${prefix}record>`;
const collection = (...records: string[]) =>
  `<?xml version="1.0"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n${records.join('\n')}\n</collection>\n`;

describe('records in MARCXML', () => {
  it('are found with and without a prefix, with entities and CDATA, in NFC', () => {
    const file = collection(
      record('Tom &amp; Jerry &#233;'),
      record('<![CDATA[<Emma>]]>', 'marc:'),
      record('Cafe\u0301'),
    );
    expect(titles(file)).toEqual(['Tom & Jerry é', '<Emma>', 'Café']);
    expect(titles(record('alone'))).toEqual(['alone']);
    expect(beginsMarcXml(file) && hasMarcXmlRecord(file)).toBe(true);
    expect(hasMarcXmlRecord('<html><recorder>')).toBe(false);
  });

  it('are the same, in whatever pieces the file comes', () => {
    const file = collection(record('Emma'), record('Faust', 'm:'), record('broken & x'), record('Dune'));
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 120 })), (pieces) => {
        expect(titles(file, pieces)).toEqual(titles(file));
      }),
    );
  });
});

describe('a damaged record is lost alone', () => {
  it.each([
    ['is not well-formed', record('Tom & Jerry'), /^its XML cannot be read: /],
    ['refers to an entity that XML does not know', record('&uuml;ber'), /^its XML cannot be read: /],
    ['has no end', record('x').replace('</record>', ''), /^the tag at its end is missing$/],
    ['holds bytes that are not in the encoding', record('Caf\ufffd'), /^it holds bytes that are not/],
  ])('that %s', (_how, damaged, reason) => {
    const [first, lost, last] = titles(collection(record('Emma'), damaged, record('Dune')));
    expect([first, last]).toEqual(['Emma', 'Dune']);
    expect(lost).toMatch(reason);
  });

  it('that is cut off with the file', () => {
    expect(titles(collection(record('Emma'), record('x')).slice(0, -40))).toEqual([
      'Emma',
      'the file ends before the record does',
    ]);
  });

  it('that is longer than any record', () => {
    const endless = record('x'.repeat(1_200_000)).replace('</record>', '');
    const pieces = Array.from({ length: 20 }, () => 64 * 1024);
    const [first, lost, last] = titles(collection(record('Emma'), endless, record('Dune')), pieces);
    expect([first, last]).toEqual(['Emma', 'Dune']);
    expect(lost).toContain('longer');
  });
});
