import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './system.js';

/** In a file of a build: what stands there, and what a newer version has in its place. */
type Change = readonly [file: string, before: string, after: string];

/**
 * What a later version could bring: whenever a book is changed, an event of a new type, which the books view counts in a new
 * column. Its code version is another one, and so are the view's migrations.
 */
const changes: readonly Change[] = [
  [
    'services/book-service/dist/book/book.js',
    "[{ type: 'BookUpdated', data: changes }]",
    "[{ type: 'BookUpdated', data: changes }, { type: 'BookReviewed', data: {} }]",
  ],
  [
    'services/book-service/dist/book/book.js',
    'BookUpdated: (',
    'BookReviewed: (state) => state,\n        BookUpdated: (',
  ],
  ['aggregators/dist/views/books/entity.js', 'inUse: {', "reviews: { type: 'integer', default: 0 },\n        inUse: {"],
  [
    'aggregators/dist/views/books/projection.js',
    'BookUpdated: (',
    `BookReviewed: (_data, event) => ({
        key: parseStreamName(event.stream).id,
        set: { revision: event.revision },
        add: { reviews: 1 },
    }),
    BookUpdated: (`,
  ],
  ['aggregators/dist/views/books/projection.js', "'revision',", "'revision', 'reviews',"],
  [
    'aggregators/dist/views/books/index.js',
    'SearchBooks1793318400000]',
    `SearchBooks1793318400000, class AddReviews1999999999999 {
        async up(queryRunner) {
            await queryRunner.query('ALTER TABLE book ADD COLUMN reviews integer NOT NULL DEFAULT 0');
        }
        async down() {}
    }]`,
  ],
];

/** A copy of what is built of book-service and the aggregators, as a newer version. @returns its root, to be removed by the caller */
export function buildNewerVersion(): string {
  const root = mkdtempSync(join(tmpdir(), 'shelfmark-newer-'));
  for (const workspace of ['services/book-service', 'aggregators']) {
    mkdirSync(join(root, workspace), { recursive: true });
    for (const part of ['dist', 'package.json']) {
      cpSync(join(projectRoot, workspace, part), join(root, workspace, part), { recursive: true });
    }
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  for (const [file, before, after] of changes) {
    const path = join(root, file);
    const code = readFileSync(path, 'utf8');
    assert(code.includes(before), `${file} is built otherwise than this expects: ${before}`);
    writeFileSync(path, code.replace(before, after));
  }
  return root;
}
