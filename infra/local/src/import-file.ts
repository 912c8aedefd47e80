import { randomUUID } from 'node:crypto';
import { CannotImport, importThrough, type Operation, type Outcome } from './import-client.js';
import { librarianToken } from './local-issuer.js';
import { Progress } from './progress.js';
import { RunFolder } from './run-folder.js';

/** See `npm run import -- --help`. */
export interface ImportOptions {
  readonly file: string;
  readonly kind: string;
  readonly dryRun: boolean;
  /** The edge's address; by default that of the system that runs on the data folder. */
  readonly url?: string;
  readonly data: string;
}

const tallyWords: Readonly<Record<Outcome, string>> = {
  added: 'added',
  alreadyThere: 'already there',
  deletedSince: 'deleted since an earlier import',
  different: 'there with other content, which stays',
  refused: 'refused',
};

/** @returns the exit code: 0 when every row is in, 1 otherwise */
export async function importFile({ file, kind, dryRun, url, data }: ImportOptions): Promise<number> {
  const edge = (url ?? new RunFolder(data).holder()?.url)?.replace(/\/$/, '');
  if (edge === undefined) {
    console.error(`Shelfmark does not run on ${data}: start it with npm start, or tell where it is with --url.`);
    return 1;
  }
  const token = await tokenToShow(edge, data);
  if (token === undefined) {
    console.error(`${edge} wants to know who imports: SHELFMARK_TOKEN takes a librarian's token.`);
    return 1;
  }
  const progress = new Progress(process.stdout);
  try {
    // The key is of this run alone: another run of the same file is another import, which finds everything there.
    const done = await importThrough({ edge, token, file, kind, dryRun, key: randomUUID() }, progress);
    summarise(done.operation, dryRun, done.url, progress);
    return done.operation.state === 'completed' && done.operation.tally.refused === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CannotImport)) throw error;
    progress.alarm(error.message);
    return 1;
  }
}

/** A token of the local issuer is of use, and shown, on this machine only. */
async function tokenToShow(edge: string, data: string): Promise<string | undefined> {
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(edge).hostname);
  return isHere ? librarianToken(data) : process.env['SHELFMARK_TOKEN'];
}

/** Tells what came of an import: the tally, and the first rows that were not simply added. */
export function summarise(operation: Operation, dryRun: boolean, url: string, progress: Progress): void {
  const { rows, tally, total, format, failure, _embedded } = operation;
  if (failure) progress.alarm(`The import failed (${failure.code}) after ${rows} rows`);
  else progress.step(`${rows} rows${dryRun ? ', of which would be' : ''}`);
  for (const [outcome, words] of Object.entries(tallyWords) as [Outcome, string][]) {
    if (tally[outcome] > 0) progress.say(`${String(tally[outcome]).padStart(12)}  ${words}`);
  }
  if (format && format.type !== 'marc' && format.encoding !== 'UTF-8')
    progress.say(`The file is not UTF-8; it was read as ${format.encoding}.`);
  if (format && format.ignoredColumns.length > 0) {
    progress.say(`Columns that mean nothing here: ${format.ignoredColumns.join(', ')}`);
  }
  for (const { line, record, outcome, column, reason, repaired } of _embedded.rows) {
    const what = [column, repaired && `${repaired.from} is ${repaired.to}:`, reason].filter(
      (part) => part !== undefined,
    );
    progress.say(`  ${line === undefined ? `record ${record}` : `line ${line}`}, ${outcome}: ${what.join(' ')}`);
  }
  if (total > _embedded.rows.length) progress.say(`  and ${total - _embedded.rows.length} more at ${url}`);
}
