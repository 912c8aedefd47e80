import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A digest of all the code that a service's folding can rest on, as it is built: its own, the contracts' and the core's. A
 * change anywhere in it makes another version, so nobody has to remember to raise one; the price is that long streams are
 * read once from their beginning after an upgrade.
 * @param directory where the service's built code lies
 */
export function codeVersionOf(directory: string): string {
  const packages = ['@shelfmark/contracts', '@shelfmark/event-sourcing'].map((name) =>
    dirname(fileURLToPath(import.meta.resolve(name))),
  );
  const digest = createHash('sha256');
  for (const folder of [directory, ...packages]) {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((name) => name.endsWith('.js')).sort()) {
      const content = readFileSync(join(folder, name));
      digest.update(`${name} ${content.length}\n`).update(content);
    }
  }
  return digest.digest('base64url');
}
