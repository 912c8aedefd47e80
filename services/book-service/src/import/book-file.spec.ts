import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBookFile } from './book-file.js';

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'shelfmark-import-'))));
afterAll(() => rmSync(directory, { recursive: true }));

async function read(content: Buffer) {
  const path = join(directory, 'books.csv');
  writeFileSync(path, content);
  const file = (await openBookFile(path))!;
  const rows = [];
  let bytes = 0;
  for await (const piece of file.rows()) {
    rows.push(...piece.rows);
    bytes = piece.bytes;
  }
  expect(bytes).toBe(content.length);
  return {
    format: file.format,
    rows,
    titles: rows.map((row) => ('item' in row ? row.item.content.title : row.reason)),
  };
}

const text = 'title,author\nLa Nausée,Sartre\nÜber die Liebe,Ortega\n';

describe('a file', () => {
  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16BE', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['Windows-1252', Buffer.from(text, 'latin1')],
  ])('in %s is read in it, and says so', async (encoding, content) => {
    const { format, titles } = await read(content);
    expect(format.encoding).toBe(encoding);
    expect(titles).toEqual(['La Nausée', 'Über die Liebe']);
  });

  it('in Windows-1252 has its quotation marks and dashes', async () => {
    const content = Buffer.concat([
      Buffer.from('title\nL'),
      Buffer.from([0x92]),
      Buffer.from('Avare '),
      Buffer.from([0x96]),
    ]);
    expect((await read(content)).titles).toEqual(['L’Avare –']);
  });

  it('in UTF-8 with a few broken bytes loses only the rows that hold them', async () => {
    const broken = Buffer.concat([Buffer.from(`${text}Caf`), Buffer.from([0xe9]), Buffer.from(',x\nÇa ira,y\n')]);
    const { format, titles } = await read(broken);
    expect(format.encoding).toBe('UTF-8');
    expect(titles).toEqual([
      'La Nausée',
      'Über die Liebe',
      'holds bytes that are not in the encoding of the file',
      'Ça ira',
    ]);
  });

  it('is read in pieces that cut characters and rows anywhere', async () => {
    const titles = Array.from({ length: 20_000 }, (_, n) => `Ünïcödé 東京 📚 ${n}`);
    const { rows } = await read(Buffer.from(['title', ...titles].join('\r\n')));
    expect(rows.map((row) => 'item' in row && row.item.content.title)).toEqual(titles);
    expect(rows.map((row) => 'line' in row && row.line)).toEqual(titles.map((_, index) => index + 2));
  });
});
