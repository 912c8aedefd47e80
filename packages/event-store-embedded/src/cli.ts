#!/usr/bin/env node
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { exportLog } from './export-log.js';
import { importLog } from './import-log.js';
import { verify, type Progress } from './verify.js';

const usage = `Usage:
  shelfmark-store verify DIR           reads the whole log in DIR and reports what is wrong with it
  shelfmark-store export DIR [FILE]    writes the log as NDJSON, to standard output without FILE
  shelfmark-store import FILE DIR      makes a log of an export ("-" is standard input); DIR must be empty or not exist

verify and export may run while a service writes to the log. An imported log has a new log id.
Exit codes: 0 done, 1 failed or something is wrong with the log, 2 wrong use.
`;

class WrongUse extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = parseCommandLine();
  const [command, first, second, ...rest] = positionals;
  if (values.help || command === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (rest.length > 0) throw new WrongUse(`"${rest[0]}" is one too many`);
  const progress = { onProgress: showProgress };
  switch (command) {
    case 'verify': {
      if (first === undefined || second !== undefined) throw new WrongUse('verify takes one directory');
      const { logId, events, streams, deletedStreams, faults } = await verify(first, progress);
      endProgress();
      for (const { kind, position, stream, detail } of faults) {
        const place = [position === undefined ? '' : ` at ${position}`, stream === undefined ? '' : ` in ${stream}`];
        console.log(`${kind}${place.join('')}: ${detail}`);
      }
      const found = faults.length === 0 ? 'nothing is wrong' : `${faults.length} faults`;
      console.log(`log ${logId}: ${events} events in ${streams} streams (${deletedStreams} deleted), ${found}`);
      return faults.length === 0 ? 0 : 1;
    }
    case 'export': {
      if (first === undefined) throw new WrongUse('export takes a directory');
      // Not over a file that is there: it may be the only copy of something.
      const to = second === undefined ? process.stdout : createWriteStream(second, { flags: 'wx', flush: true });
      const events = await exportLog(first, to, progress);
      endProgress();
      console.error(`${events} events exported`);
      return 0;
    }
    case 'import': {
      if (first === undefined || second === undefined) throw new WrongUse('import takes a file and a directory');
      const from = first === '-' ? process.stdin : (await open(first)).createReadStream();
      const events = await importLog(from, second, progress);
      endProgress();
      console.error(`${events} events imported`);
      return 0;
    }
    case undefined:
      throw new WrongUse('what is to be done?');
    default:
      throw new WrongUse(`"${command}" is not one of its commands`);
  }
}

function parseCommandLine() {
  try {
    return parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

let shownAtMs = 0;

function showProgress({ events, totalEvents }: Progress): void {
  const nowMs = performance.now();
  if (!process.stderr.isTTY || nowMs - shownAtMs < 100) return;
  shownAtMs = nowMs;
  process.stderr.write(`\r${events} of ${totalEvents} events\u001b[K`);
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

try {
  process.exitCode = await main();
} catch (error) {
  endProgress();
  if (error instanceof WrongUse) {
    console.error(`shelfmark-store: ${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else {
    console.error(`shelfmark-store: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
