import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startPostgres } from '@shelfmark/local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Problem } from '../http/problem.js';
import { ViewDatabase } from './view-database.js';

let directory: string;
let postgres: RunningServer;
let database: ViewDatabase;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shelfmark-view-database-'));
  postgres = await startPostgres({ dataDir: directory });
  database = new ViewDatabase(postgres.url);
});

afterAll(async () => {
  await database?.beforeApplicationShutdown();
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

it('a connection that breaks under a read fails that read alone, and not the process', async () => {
  const reading = 'SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(4)';
  const failure: unknown = await database.query(reading).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Problem);
  expect(failure).toMatchObject({ code: 'ViewUnavailable' });
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});
