// Measures how fast the system is beside what the machine can do, and prints a table. See README.md.
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from './numbers.mjs';
import { System } from './system.mjs';
import { printTable } from './table.mjs';

const usage = `Measures how fast the system is beside what this machine can do; bench/README.md tells what each measure is.

  npm run bench -- [options]

  --only NAME,…     these measures
  --rounds N        rounds, in which the measures take turns (5)
  --seconds N       how long each measures in a round (5)
  --connections N   how many clients ask at once (64)
  --import FILE     the catalogue to import, instead of one that is made up
  --events N        also measures appends to a log of so many events
  --json FILE       writes the numbers down too
  --help            print this`;

const { values } = readOptions();
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const files = readdirSync(join(import.meta.dirname, 'measures')).sort();
const all = await Promise.all(files.map(async (file) => (await import(`./measures/${file}`)).default));
const names = values.only?.split(',');
const unknown = names?.filter((name) => !all.some((measure) => measure.name === name));
if (unknown?.length) {
  console.error(`There is no ${unknown}. There are: ${all.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const chosen = all.filter(({ name, isOptional }) => (names ? names.includes(name) : !isOptional || values.events));
const options = {
  seconds: Number(values.seconds),
  connections: Number(values.connections),
  importFile: values.import,
  events: Number(values.events ?? 10_000_000),
};

const system = chosen.some(({ needsSystem }) => needsSystem) ? await System.start() : undefined;
const results = new Map();
const failures = [];
try {
  const context = { ...options, system, results, step };
  const prepared = [];
  for (const measure of chosen) {
    step(`preparing ${measure.name}`);
    prepared.push({ measure, run: await measure.prepare(context) });
  }
  // In turns, so that whatever else the machine does meanwhile meets all of them alike; and afterwards what leaves far more behind than there was.
  for (const when of ['inRounds', 'afterRounds']) {
    const inTurns = prepared.filter(({ measure }) => measure.when === when);
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const { measure, run } of inTurns) {
        step(`round ${round} of ${values.rounds}: ${measure.name}`);
        await measured(measure, run);
      }
    }
  }
  for (const { measure, run } of prepared.filter(({ measure }) => measure.when === 'atTheEnd'))
    await measured(measure, run);
  for (const { run } of prepared) await run.end?.();
} finally {
  // First of all: what was found is not to be lost by what goes wrong now.
  report();
  await system?.stop();
}
if (failures.length > 0) {
  console.error(`Failed: ${[...new Set(failures)]}`);
  process.exitCode = 1;
}

function readOptions() {
  const text = { type: 'string' };
  const options = {
    ...{ only: text, import: text, events: text, json: text, help: { type: 'boolean' } },
    ...{
      rounds: { ...text, default: '5' },
      seconds: { ...text, default: '5' },
      connections: { ...text, default: '64' },
    },
  };
  try {
    const parsed = parseArgs({ options });
    for (const name of ['rounds', 'seconds', 'connections', 'events']) {
      const value = parsed.values[name];
      if (value !== undefined && !/^[1-9]\d{0,9}$/.test(value))
        throw new Error(`--${name} must be a whole number above 0, and is ${value}`);
    }
    return parsed;
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

function step(text) {
  console.error(`${new Date().toISOString().slice(11, 19)}  ${text}`);
}

/** What one of them cannot do is no reason to lose what the others found. */
async function measured(measure, run) {
  try {
    record(measure, await run());
  } catch (error) {
    failures.push(measure.name);
    console.error(error);
  }
}

function record({ name }, numbers) {
  for (const [what, number] of Object.entries(numbers)) {
    const key = `${name}: ${what}`;
    results.set(key, [...(results.get(key) ?? []), number]);
  }
}

function report() {
  const rows = [...results].map(([what, numbers]) => ({
    what,
    median: median(numbers),
    least: Math.min(...numbers),
    most: Math.max(...numbers),
    numbers,
  }));
  const ratios = all
    .flatMap(({ ratios = [] }) => ratios)
    .flatMap(({ what, of, to, aim }) => {
      // Of the same round each, so that a slow one is not held against a fast one.
      const pairs = results.get(of)?.map((number, round) => number / (results.get(to)?.[round] ?? NaN)) ?? [];
      if (pairs.length === 0 || pairs.some(Number.isNaN)) return [];
      return [
        { what, aim, median: median(pairs), least: Math.min(...pairs), most: Math.max(...pairs), numbers: pairs },
      ];
    });
  const machine = {
    processor: cpus()[0].model,
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAverage: loadavg()[0],
    node: process.version,
  };
  console.log(`\n${machine.processors} × ${machine.processor}, ${machine.memoryGiB} GiB, Node ${machine.node}`);
  console.log(
    `Load average at the end ${machine.loadAverage.toFixed(1)}. Numbers of one run compare with each other, not with another's.\n`,
  );
  printTable(rows);
  if (ratios.length > 0) {
    console.log();
    printTable(ratios);
  }
  if (values.json)
    writeFileSync(values.json, JSON.stringify({ at: new Date(), machine, options, rows, ratios }, null, 2));
}
