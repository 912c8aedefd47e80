#!/usr/bin/env node
// No top-level await here and no newer syntax in toolchain.mjs: an old Node must get as far as being told that it is old.
import { existsSync } from 'node:fs';
import { fail, requireNode, root } from './toolchain.mjs';

/** `npm run backup` and `npm run restore`: the first argument says which. */
async function main() {
  requireNode();
  const [command, ...args] = process.argv.slice(2);
  const { readOptions, backupOptions } = await import('./options.mjs');
  const known = backupOptions(command);
  const options = readOptions(known, args, root, fail);
  if (options.help) return console.log(known.usage);
  const built = new URL('./dist/backup.js', import.meta.url);
  if (!existsSync(built)) fail('Nothing is there: Shelfmark has not been built yet. `npm start` does that.');
  const { backUp, restore } = await import(built.href);
  process.exitCode = await (command === 'restore' ? restore : backUp)(options);
}

main();
