// What the tests that need servers are begun with: whatever has to be downloaded is there for all of them.
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function setup() {
  try {
    const { findNatsServer } = await import('./dist/index.js');
    await findNatsServer(process.env, join(tmpdir(), 'shelfmark-cache'));
  } catch {
    // The tests that need it say so, and what to do; others can do without.
  }
}
