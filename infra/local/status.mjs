#!/usr/bin/env node
// No top-level await here and no newer syntax in toolchain.mjs: an old Node must get as far as being told that it is old.
import { existsSync } from 'node:fs';
import { fail, requireNode, root } from './toolchain.mjs';

async function main() {
  requireNode();
  const { readOptions, statusOptions } = await import('./options.mjs');
  const options = readOptions(statusOptions, process.argv.slice(2), root, fail);
  if (options.help) return console.log(statusOptions.usage);
  const built = new URL('./dist/status.js', import.meta.url);
  if (!existsSync(built)) fail('Nothing runs: Shelfmark has not been built yet. `npm start` does that.');
  const { printStatus } = await import(built.href);
  process.exitCode = (await printStatus(options.data)) ? 0 : 1;
}

main();
