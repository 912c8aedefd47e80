/**
 * Makes `generated/` from `src/`: JSON Schema, Go, Python and an AsyncAPI document; and the bus's permissions in
 * `infra/nats/authorization.conf`.
 * `--check` writes nothing and fails when what is committed differs from what would be made.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncApiDocument } from './generation/asyncapi.mjs';
import { busPermissions } from './generation/bus-permissions.mjs';
import { catalogues } from './generation/catalogues.mjs';
import { goModule } from './generation/go.mjs';
import { natsAuthorization } from './generation/nats-authorization.mjs';
import { pythonPackage } from './generation/python.mjs';
import { jsonSchema } from './generation/schema.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const sources = ['book', 'user', 'rent', 'view', 'history', 'import', 'operation', 'notice'].map((name) =>
  join(here, 'src', `${name}.ts`),
);

const schema = await jsonSchema(here, sources);
const contracts = { schema, catalogues: catalogues(sources, join(root, 'services')), version };
const generated = new Map([
  ['schema/shelfmark.schema.json', json(schema)],
  ...(await goModule(contracts)),
  ...(await pythonPackage(contracts)),
  ['asyncapi/shelfmark.asyncapi.json', json(asyncApiDocument(contracts))],
]);
/** By their paths in the project. */
const files = new Map([
  ...[...generated].map(([name, text]) => [join('contracts', 'generated', name), text]),
  [join('infra', 'nats', 'authorization.conf'), natsAuthorization(busPermissions(contracts.catalogues, root))],
]);

// A language's tools may leave something of theirs beside what is generated.
const committed = readdirSync(join(here, 'generated'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/__pycache__/.test(entry.parentPath))
  .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
const superfluous = committed.filter((name) => !files.has(name));

if (process.argv.includes('--check')) {
  const different = [...files].filter(([name, text]) => read(name) !== text);
  for (const name of [...different.map(([name]) => name), ...superfluous]) {
    console.error(`${name} is not what contracts/src makes`);
    process.exitCode = 1;
  }
  if (process.exitCode) console.error('Run npm run generate and commit the result.');
} else {
  for (const name of superfluous) rmSync(join(root, name));
  for (const [name, text] of files) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

function read(name) {
  return existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined;
}

function json(value) {
  return JSON.stringify(value, null, 2) + '\n';
}
