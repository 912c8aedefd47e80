#!/usr/bin/env node
// No top-level await here and no newer syntax in toolchain.mjs: an old Node must get as far as being told that it is old.
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, requireNode, root } from './toolchain.mjs';

const usage = `Imports books, people or open rents from a file, which may be compressed with gzip, into the system that runs. Running it again adds nothing twice.

  npm run import -- FILE [options]

  --kind KIND books, people or rents; books unless said otherwise
  --dry-run   only tell what would happen
  --url URL   the system's address; by default that of the one that runs on the data folder
  --data DIR  the data folder of the system (.shelfmark in the project's folder)
  --help      print this

It signs in with the token in SHELFMARK_TOKEN, or else as a librarian with one of the data folder's own.

The file is CSV, and its first row names the columns: title, and whatever there is of author, isbn, language, subjects, year,
copies and id. Or it holds records of MARC 21, in ISO 2709 or in XML. People are CSV with name, email and whatever there is of
rentLimit and id; rents are CSV with book_id, email or user_id, due_date and, if there is, rented_on, and come last.
Exits with 0 when all rows are in, with 1 when some were refused or the import did not end, with 2 when an argument is wrong.
`;

async function main() {
  requireNode();
  const { readOptions, UsageError } = await import('./options.mjs');
  const options = readOptions({ usage, parse: (args) => parse(args, UsageError) }, process.argv.slice(2), root, fail);
  if (options.help) return console.log(usage);
  const built = new URL('./dist/import-file.js', import.meta.url);
  if (!existsSync(built)) fail('Nothing runs: Shelfmark has not been built yet. `npm start` does that.');
  const { importFile } = await import(built.href);
  process.exitCode = await importFile(options);
}

function parse(args, UsageError) {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      strict: true,
      allowPositionals: true,
      options: {
        kind: { type: 'string', default: 'books' },
        'dry-run': { type: 'boolean', default: false },
        url: { type: 'string' },
        data: { type: 'string', default: join(root, '.shelfmark') },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    // The first sentence. Node goes on with advice on `--`, which npm has eaten already.
    throw new UsageError(error.message.split(/\.\s/)[0]);
  }
  const { values, positionals } = parsed;
  if (values.help) return { help: true };
  if (positionals.length !== 1) throw new UsageError('There must be one file');
  if (!['books', 'people', 'rents'].includes(values.kind)) throw new UsageError('--kind is books, people or rents');
  if (values.url !== undefined && !/^https?:\/\//.test(values.url)) throw new UsageError('--url takes a URL of http');
  const file = fromUser(positionals[0]);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new UsageError(`There is no file ${file}`);
  return {
    help: false,
    file,
    kind: values.kind,
    dryRun: values['dry-run'],
    url: values.url,
    data: fromUser(values.data),
  };
}

/** npm runs scripts in the project's folder, and tells in INIT_CWD where the user stood when typing a relative path. */
function fromUser(path) {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
}

main();
