#!/usr/bin/env node
// No top-level await here and no newer syntax in toolchain.mjs: an old Node must get as far as being told that it is old.
import { existsSync } from 'node:fs';
import { fail, requireNode, root } from './toolchain.mjs';

async function main() {
  requireNode();
  const { readOptions, storeOptions } = await import('./options.mjs');
  const options = readOptions(storeOptions, process.argv.slice(2), root, fail);
  const built = new URL('./dist/store.js', import.meta.url);
  if (!existsSync(built)) fail('Shelfmark has not been built yet. `npm start` does that, or `npx tsc -b`.');
  const { runStoreCommand } = await import(built.href);
  process.exit(await runStoreCommand(root, options));
}

main();
