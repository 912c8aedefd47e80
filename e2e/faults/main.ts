import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { tokenFor } from '@shelfmark/local';
import { World } from './commands.js';
import { History } from './history.js';
import { type Imported, checkImport, importBooks } from './import.js';
import { Inspection } from './inspection.js';
import { Library } from './library.js';
import { runLoad } from './load.js';
import { type StoreKind, storeKinds } from './logs.js';
import { type Schedule, scheduleOf } from './schedule.js';

const usage = `Runs the library under a random load, hurts it, lets it recover, and checks what it holds against what it answered.

  npm run faults -- [--event-store embedded|dev-server] [--seed N] [--rounds N] [--only ROUND]

  --event-store   where the logs are: in the services (embedded, the default), or on a development server that is hurt too
  --seed N        what all chance comes from; printed where it is not given
  --rounds N      how many rounds one library goes through (50)
  --only ROUND    nothing but this round of the seed
  --keep          keep the data and the logs also where nothing was wrong

Exit codes: 0 all held, 1 something did not, 2 wrong use.
`;

interface Options {
  readonly store: StoreKind;
  readonly seed: number;
  readonly rounds: readonly number[];
  readonly keep: boolean;
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stderr.write(options);
    return 2;
  }
  const { store, seed, rounds, keep } = options;
  const data = mkdtempSync(join(tmpdir(), 'shelfmark-faults-'));
  console.log(`seed ${seed}, ${rounds.length} rounds, event store: ${store}`);
  let library: Library | undefined;
  let isWrong = true;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void (library?.stop(false) ?? Promise.resolve()).finally(() => process.exit(130)));
  }
  try {
    library = await Library.start(data, store);
    if (!library.disk) console.log('Not root: no file system can be mounted, so the disk is never filled.');
    const inspection = new Inspection(library);
    for (const round of rounds) await runRound(library, inspection, seed, round);
    isWrong = false;
    return 0;
  } catch (error) {
    console.error(error instanceof RoundFailed ? error.message : error);
    return 1;
  } finally {
    await library?.stop(isWrong || keep);
    if (isWrong || keep) console.error(`The data, the logs and the history are kept in ${data}`);
    else rmSync(data, { recursive: true, force: true });
  }
}

class RoundFailed extends Error {}

async function runRound(library: Library, inspection: Inspection, seed: number, round: number): Promise<void> {
  const schedule = scheduleOf(library.store, seed, round, ({ isPossible }) => isPossible?.(library) ?? true);
  const history = new History(join(library.data, `history-${round}.ndjson`));
  const said = (text: string) => appendFileSync(join(library.data, 'rounds.log'), `${text}\n`);
  const title = `round ${round}: ${describe(schedule)}`;
  said(title);
  library.takeDeaths();
  const started = performance.now();
  const deaths: string[] = [];
  const ended = () => [...deaths, ...library.takeDeaths()].join(', ') || 'none';
  let faults: string[];
  try {
    const imported = await hurt(library, schedule, new World(`s${seed}r${round}`), history);
    const hurtMs = performance.now() - started;
    const recovered = await inspection.recovered();
    const recoveredMs = performance.now() - started - hurtMs;
    deaths.push(...library.takeDeaths());
    const areViewsKept = !schedule.faults.some(({ takesViewsBack }) => takesViewsBack) && !deaths.some(isPostgres);
    const inspected = await inspection.inspect(recovered, history.events, { areViewsKept });
    faults = inspected.faults;
    if (imported) faults.push(...checkImport(imported, inspected.logs.book.events));
    const attempts = history.events.filter((event) => event.kind === 'attempt');
    const answered = attempts.filter(({ answer }) => answer.kind !== 'unknown').length;
    console.log(
      `${title}\n    ${answered} of ${attempts.length} commands answered; ` +
        `recovered in ${(recoveredMs / 1000).toFixed(1)} s, ${((performance.now() - started) / 1000).toFixed(1)} s in all; ` +
        `ended: ${ended()}`,
    );
  } catch (error) {
    faults = [(error as Error).stack ?? String(error)];
  }
  if (faults.length === 0) return;
  const shown = faults.slice(0, 20);
  if (shown.length < faults.length) shown.push(`… and ${faults.length - shown.length} more`);
  const message = [
    `\n${title}\nended: ${ended()}`,
    ...shown.map((fault) => `  WRONG: ${fault}`),
    `Again: npm run faults -- --event-store ${library.store} --seed ${seed} --only ${round}   (or --rounds ${round + 1}, should it take those before it)`,
  ].join('\n');
  said(message);
  throw new RoundFailed(message);
}

/** It does not wait for its disk, so that a crash takes the last moments from the views. */
function isPostgres(death: string): boolean {
  return death.startsWith('postgres ');
}

/** The load and the faults, side by side, until both have ended. @returns what was imported meanwhile */
async function hurt(
  library: Library,
  { faults, loadMs, isImporting, random }: Schedule,
  world: World,
  history: History,
): Promise<Imported | undefined> {
  const done = new AbortController();
  // One a round: a night is longer than a token lasts.
  const edge = { url: library.url, token: await tokenFor(library.data, { role: 'librarian' }) };
  const load = runLoad({ ...edge, world, history, random, signal: done.signal });
  const importing = isImporting ? importBooks(edge, world.label, random.fork(99)) : undefined;
  // It is waited for below, also where a fault cannot be done.
  importing?.catch(() => undefined);
  const hurting = faults.map(async ({ atMs, run }) => {
    await delay(atMs);
    await run(library);
  });
  try {
    await Promise.all([...hurting, delay(loadMs)]);
  } finally {
    library.heal();
    done.abort();
    await load;
  }
  return importing;
}

function describe({ faults, loadMs, isImporting }: Schedule): string {
  return [
    ...faults.map(({ atMs, name, description }) => `at ${atMs} ms ${name}: ${description}`),
    `load ${loadMs} ms${isImporting ? ' and an import' : ''}`,
  ].join('; ');
}

function optionsOf(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'event-store': { type: 'string', default: 'embedded' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
        rounds: { type: 'string', default: '50' },
        only: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return usage;
    const [seed, rounds, only] = [values.seed, values.rounds, values.only ?? '0'].map(Number) as [
      number,
      number,
      number,
    ];
    if (![seed, rounds, only].every((number) => Number.isSafeInteger(number) && number >= 0)) return usage;
    const store = storeKinds.find((kind) => kind === values['event-store']);
    if (store === undefined) return usage;
    const all = Array.from({ length: rounds }, (_, round) => round);
    return { store, seed, rounds: values.only === undefined ? all : [only], keep: values.keep };
  } catch (error) {
    return `${(error as Error).message}\n\n${usage}`;
  }
}

process.exit(await main());
