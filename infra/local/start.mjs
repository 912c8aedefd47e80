#!/usr/bin/env node
// No top-level await here and no newer syntax in toolchain.mjs: an old Node must get as far as being told that it is old.
import { build, fail, installWhatIsMissing, requireNode, root } from './toolchain.mjs';

async function main() {
  requireNode();
  const { readOptions, startOptions } = await import('./options.mjs');
  const options = readOptions(startOptions, process.argv.slice(2), root, fail);
  if (options.help) return console.log(startOptions.usage);
  installWhatIsMissing();
  build();
  const { start } = await import('./dist/main.js');
  await start({ root, ...options });
}

main();
