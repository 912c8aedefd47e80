#!/usr/bin/env node
// No top-level await here and no newer syntax in toolchain.mjs: an old Node must get as far as being told that it is old.
import { existsSync } from 'node:fs';
import { fail, requireNode, root } from './toolchain.mjs';

async function main() {
  requireNode();
  const { readOptions, viewsOptions } = await import('./options.mjs');
  const { data, args } = readOptions(viewsOptions, process.argv.slice(2), root, fail);
  const built = new URL('./dist/views.js', import.meta.url);
  if (!existsSync(built)) fail('Nothing runs: Shelfmark has not been built yet. `npm start` does that.');
  const { runViewsCommand } = await import(built.href);
  process.exitCode = await runViewsCommand(root, data, args);
}

main();
