#!/usr/bin/env node
import { configOrExit, text, url } from '@shelfmark/service-kit';
import { prepareDatabase } from './database-roles.js';
import { viewNames } from './found-views.js';

// Gives each process that uses the database a role of its own; see docs/adr/0024. It can be run again at any time.

const names = ['edge', ...(await viewNames()).map((view) => `view_${view}`)];

const passwordOf = (role: string) => ({ ...text(`DATABASE_PASSWORD_${role.toUpperCase()}`), secret: true });

const { databaseUrl } = configOrExit({
  databaseUrl: url('DATABASE_URL', { protocols: ['postgres', 'postgresql'], secret: true }),
});
const passwords = configOrExit(Object.fromEntries(names.map((name) => [name, passwordOf(name)])));

try {
  await prepareDatabase(databaseUrl, new Map(Object.entries(passwords)));
} catch (error) {
  process.stderr.write(`The database could not be prepared: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
