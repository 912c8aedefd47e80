#!/usr/bin/env node
// No top-level await here and no newer syntax in toolchain.mjs: an old Node must get as far as being told that it is old.
import { existsSync } from 'node:fs';
import { fail, requireNode, root } from './toolchain.mjs';

async function main() {
  requireNode();
  const { readOptions, tokenOptions } = await import('./options.mjs');
  const options = readOptions(tokenOptions, process.argv.slice(2), root, fail);
  if (options.help) return console.log(tokenOptions.usage);
  const built = new URL('./dist/token.js', import.meta.url);
  if (!existsSync(built)) fail('There is no library yet: Shelfmark has not been built. `npm start` does that.');
  const { printToken } = await import(built.href);
  process.exitCode = await printToken(options);
}

main();
