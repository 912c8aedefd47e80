#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { connectToNats, consumeMirror } from '@shelfmark/messaging';
import { configOrExit, url } from '@shelfmark/service-kit';
import { printTable } from '@shelfmark/service-kit/table';
import type { Comparison } from './compare.js';
import { loadView, viewNames } from './found-views.js';
import { ProgressLine } from './progress-line.js';
import { compareView, NoLiveView, RebuildUnderWay, rebuildView, StillRead, type RebuildNews } from './rebuild.js';
import { listDeadLetters, readViewStatus, type FoundDeadLetter } from './view-status.js';
import type { View } from './view.js';
import { DatabaseUnavailable } from './view-session.js';

const usage = `Looks after the views, while the system runs.

  npm run views -- status                             how far each view is, and what it takes up
  npm run views -- rebuild VIEW                       builds it anew beside the live one, compares, and swaps the two
  npm run views -- compare VIEW                       compares it with what its mirrors make of it; changes nothing
  npm run views -- dead-letters [VIEW] [--show ID]    the events that could not be shown; with ID, all about one

  --data DIR    where the state of the running system lies (.shelfmark in the project's folder)

Exit codes: 0 done, 1 failed or compare found a difference, 2 wrong use.
`;

class WrongUse extends Error {}

const names = await viewNames();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
const progress = new ProgressLine(process.stderr);

process.exitCode = await main().catch((error: unknown) => {
  progress.end();
  if (error instanceof WrongUse) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (stop.signal.aborted) {
    process.stderr.write('Stopped. The live view is as it was; what was built beside it is removed.\n');
    return 130;
  }
  if (!isExpected(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 1;
});

async function main(): Promise<number> {
  const { values, positionals } = parseCommandLine();
  const [command, ...rest] = positionals;
  if (values.help === true || command === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (values.show !== undefined && command !== 'dead-letters') throw new WrongUse('--show belongs to dead-letters');
  const [name, ...tooMany] = rest;
  if (tooMany.length > 0) throw new WrongUse(`"${tooMany[0]}" is one too many`);
  switch (command) {
    case 'status':
      if (name !== undefined) throw new WrongUse(`"${name}" is one too many`);
      return printStatus(databaseUrl());
    case 'rebuild':
      return rebuild(await viewNamed(name));
    case 'compare':
      return compare(await viewNamed(name));
    case 'dead-letters':
      return printDeadLetters(name === undefined ? await allViews() : [await viewNamed(name)], values.show);
    case undefined:
      throw new WrongUse('What is to be done?');
    default:
      throw new WrongUse(`"${command}" is not one of its commands`);
  }
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, show: { type: 'string' } },
    });
  } catch (error) {
    throw new WrongUse((error as Error).message.split(/\.\s/)[0]);
  }
}

async function viewNamed(name: string | undefined): Promise<View> {
  if (name === undefined || !names.includes(name)) throw new WrongUse(`Which view? One of ${names.join(', ')}`);
  return loadView(name);
}

function allViews(): Promise<View[]> {
  return Promise.all(names.map(loadView));
}

function databaseUrl(): string {
  return configOrExit({ databaseUrl: url('DATABASE_URL', { protocols: ['postgres', 'postgresql'], secret: true }) })
    .databaseUrl;
}

function isExpected(error: unknown): error is Error {
  const expected = [RebuildUnderWay, NoLiveView, StillRead, DatabaseUnavailable];
  return expected.some((kind) => error instanceof kind);
}

/** @param work is given what both rebuild and compare need */
async function withServers<Result>(
  view: View,
  work: (options: Parameters<typeof rebuildView>[0]) => Promise<Result>,
): Promise<Result> {
  const { natsUrl } = configOrExit({ natsUrl: url('NATS_URL', { protocols: ['nats', 'tls'], secret: true }) });
  const connection = await connectToNats({ url: natsUrl, name: `${view.name}-rebuild` });
  try {
    return await work({
      view,
      databaseUrl: databaseUrl(),
      follow: (service, checkpoint, signal) =>
        consumeMirror(connection, { service, signal, ...(checkpoint && { checkpoint }) }),
      report,
      signal: stop.signal,
    });
  } finally {
    await connection.close();
  }
}

async function rebuild(view: View): Promise<number> {
  const startedAt = performance.now();
  const removed = await withServers(view, rebuildView);
  progress.end();
  console.log(`View ${view.name} is rebuilt, in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s.`);
  if (!removed) console.log("Somebody reads the old tables still; the start of the view's process removes them.");
  return 0;
}

async function compare(view: View): Promise<number> {
  const comparison = await withServers(view, compareView);
  progress.end();
  printComparison(comparison);
  return comparison.differences === 0 ? 0 : 1;
}

function report(news: RebuildNews): void {
  switch (news.kind) {
    case 'filling': {
      const { source, written, behind } = news;
      return progress.show(`${source}: ${written} of ${behind === undefined ? '?' : written + behind} events`);
    }
    case 'waitingForMirror':
      return progress.show(`waiting for the mirror of ${news.source}`);
    case 'indexing':
      return progress.step('the indexes are made');
    case 'comparing':
      return progress.step('its rows are compared with those of the live view');
    case 'compared':
      progress.end();
      printComparison(news.comparison);
      return;
    case 'swapped':
      progress.step('swapped');
      if (news.deadLetters > 0)
        console.log(`${news.deadLetters} events could not be shown: npm run views -- dead-letters`);
      return;
    case 'startingOver':
      return progress.step(`starting over: ${news.reason}`);
  }
}

function printComparison({ rows, differences, examples }: Comparison): void {
  if (differences === 0) return console.log(`${rows} rows, all alike.`);
  console.log(`${differences} of ${rows} rows differ between the live view and what its mirrors make of it:`);
  for (const { table, key, kind, columns } of examples) {
    const how = {
      missing: 'is missing from the view',
      extra: 'is in the view, and comes from no event',
      changed: `differs in ${columns.join(', ')}`,
    };
    console.log(`  ${table} ${key} ${how[kind]}`);
  }
  if (differences > examples.length) console.log(`  and ${differences - examples.length} more`);
}

async function printStatus(from: string): Promise<number> {
  const lines: string[][] = [];
  let complete = true;
  for (const view of await allViews()) {
    const { sources, rows, bytes, deadLetters, rebuild: building } = await readViewStatus(from, view);
    const size = bytes === undefined ? '-' : `${(bytes / 1_048_576).toFixed(1)} MiB`;
    complete &&= bytes !== undefined;
    for (const [source, position] of sources) {
      lines.push([
        view.name,
        source,
        String(position ?? '-'),
        String(rows ?? '-'),
        size,
        String(deadLetters),
        building,
      ]);
    }
  }
  printTable(['view', 'source', 'position', 'rows', 'size', 'dead letters', 'rebuild'], lines);
  return complete ? 0 : 1;
}

async function printDeadLetters(views: readonly View[], id: string | undefined): Promise<number> {
  const from = databaseUrl();
  const found: (FoundDeadLetter & { view: string })[] = [];
  for (const view of views) {
    for (const letter of await listDeadLetters(from, view, id)) found.push({ view: view.name, ...letter });
  }
  if (id !== undefined) {
    if (found.length === 0) throw new WrongUse(`No event ${id} is among the dead letters`);
    for (const letter of found) printDeadLetter(letter);
    return 0;
  }
  if (found.length === 0) console.log('There are none: every event is shown.');
  else {
    printTable(
      ['view', 'event', 'type', 'stream', 'position', 'error', 'skipped since'],
      found.map(({ view, source, stream, position, eventId, eventType, errorName, skippedEvents }) => {
        return [view, eventId, eventType, stream, `${source}@${position}`, errorName, skippedEvents];
      }),
    );
  }
  return 0;
}

function printDeadLetter(letter: FoundDeadLetter & { view: string }): void {
  const { view, source, stream, entity, position, eventId, eventType, errorName, errorDetail } = letter;
  const { skippedEvents, recordedAt } = letter;
  printTable(
    ['event', eventId],
    [
      ['type', eventType],
      ['view', view],
      ['stream', stream],
      ['position', `${source}@${position}`],
      ['error', errorName],
      ['where', errorDetail],
      ['recorded', recordedAt.toISOString()],
      ['skipped', `${skippedEvents} later events of the stream`],
      ['readers see', `${entity} as it was before this event, with "parked": true`],
      ['to repair', `correct the projection, restart, then: npm run views -- rebuild ${view}`],
    ],
  );
}
