// Tells where processor time goes, from the profiles that Node writes with --cpu-prof. See README.md.
//   node bench/profile.mjs DIRECTORY
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = process.argv[2];
if (directory === undefined) {
  console.error(
    'Usage: node bench/profile.mjs DIRECTORY, with the files that Node wrote with --cpu-prof --cpu-prof-dir=DIRECTORY',
  );
  process.exit(2);
}

for (const file of readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'))) {
  const profile = JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const times = new Map();
  for (const [index, id] of profile.samples.entries()) {
    const place = places.get(id);
    times.set(place, (times.get(place) ?? 0) + profile.timeDeltas[index]);
  }
  const idle = times.get('(idle)') ?? 0;
  times.delete('(idle)');
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  console.log(`\n${nameOf(profile)}: busy for ${(busy / 1e6).toFixed(1)} s of ${((busy + idle) / 1e6).toFixed(1)} s`);
  for (const [place, time] of [...times].sort(([, a], [, b]) => b - a).slice(0, 14)) {
    console.log(`${((100 * time) / busy).toFixed(1).padStart(6)} %  ${place}`);
  }
}

/** The package that a function is of, or what of Node it is. */
function placeOf({ functionName, url }) {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native functions';
  const [, module] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (module !== undefined) return module;
  if (url.startsWith('node:')) return `Node: ${url.split('/')[0]}`;
  const [, ours] = /\/((?:packages|services|applications)\/[^/]+|aggregators|contracts)\/dist\//.exec(url) ?? [];
  return ours ?? url;
}

/** The process is known by the entry point that it has run. */
function nameOf({ nodes }) {
  const main = nodes.map(({ callFrame }) => callFrame.url).find((url) => /\/dist\/main\.js$/.test(url));
  return main?.replace(/.*\/((?:[\w-]+\/)?[\w-]+)\/dist\/main\.js$/, '$1') ?? 'another process';
}
