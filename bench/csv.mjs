import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';

/** The rows of a CSV file, gzipped where its name says so; as objects by its columns, or without them as arrays, the header first. */
export function readRows(file, { columns }) {
  const bytes = createReadStream(file);
  return (file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes).pipe(parse({ columns, bom: true }));
}
