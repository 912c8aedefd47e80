import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const page = join(import.meta.dirname, '..', '..', 'docs', 'operations', 'bounds.md');
const rows = [...readFileSync(page, 'utf8').matchAll(/\[`([^`]+)`\]\(([^)]+)\)\s*\|$/gm)].map(
  ([, code, path]) => [code!, path!] as const,
);

it('lists the bounds', () => {
  expect(rows.length).toBeGreaterThan(25);
});

it.each(rows)('says what the code says: %s in %s', (code, path) => {
  expect(readFileSync(join(page, '..', path), 'utf8')).toContain(code);
});
