import { printTable } from '@shelfmark/service-kit/table';
import { ask, type Readiness } from './probe.js';
import { RunFolder } from './run-folder.js';
import type { ProcessRecord } from './supervisor.js';

interface Observed {
  readonly record: ProcessRecord;
  readonly state: Readiness;
}

/** @returns whether everything runs and is ready */
export async function printStatus(data: string): Promise<boolean> {
  const runFolder = new RunFolder(data);
  const holder = runFolder.holder();
  if (!holder) {
    console.log(`Shelfmark does not run on ${data}.`);
    for (const { name, identity } of runFolder.leftovers()) {
      console.log(`A killed run left ${name} (process ${identity!.pid}); the next start ends it.`);
    }
    return false;
  }

  const { processes, eventStore = '-' } = runFolder.read();
  const observed = await Promise.all(processes.map(observe));
  console.log(`Shelfmark at ${holder.url}, process ${holder.pid}, data in ${data}`);
  console.log(`Event store: ${eventStore}\n`);
  printTable(['process', 'pid', 'up', 'restarts', 'state'], observed.map(processLine));
  const views = observed.flatMap(viewLines);
  if (views.length > 0) {
    console.log();
    printTable(['view', 'source', 'position', 'behind'], views);
  }
  return observed.length > 0 && observed.every(({ state }) => state.ready);
}

async function observe(record: ProcessRecord): Promise<Observed> {
  if (record.probe) return { record, state: await ask(record.probe) };
  return { record, state: { ready: false, reason: record.lastEnd ? 'ended, is started again' : 'not started yet' } };
}

function processLine({ record, state }: Observed): string[] {
  const up = record.since === undefined ? '-' : duration(Date.now() - Date.parse(record.since));
  const lastEnd = record.lastEnd === undefined ? '' : `; last end: ${record.lastEnd}`;
  const text = state.ready ? 'ready' : `not ready: ${state.reason}`;
  return [record.name, String(record.identity?.pid ?? '-'), up, String(record.restarts), text + lastEnd];
}

/** What the health of an aggregator says of its sources, as `mirror:<service>`. */
function viewLines({ record, state }: Observed): string[][] {
  const [, view] = /^view-(.*)$/.exec(record.name) ?? [];
  if (view === undefined) return [];
  return Object.entries(state.details ?? {}).flatMap(([name, { position, behind }]) =>
    name.startsWith('mirror:') ? [[view, name.slice('mirror:'.length), cell(position), cell(behind)]] : [],
  );
}

function cell(value: string | number | null | undefined): string {
  return String(value ?? '-');
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
