import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startPostgres } from '@shelfmark/local';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Problem } from '../http/problem.js';
import { until } from '../testing/edge-under-test.js';
import { ViewDatabase } from './view-database.js';

let directory: string;
let postgres: RunningServer;
let admin: pg.Client;
let database: ViewDatabase;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shelfmark-view-database-'));
  postgres = await startPostgres({ dataDir: directory });
  admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
  database = new ViewDatabase(postgres.url);
});

afterAll(async () => {
  await database?.beforeApplicationShutdown();
  await admin?.end();
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

it('a connection that breaks under a read fails that read alone, and not the process', async () => {
  const reading = database.query('SELECT pg_sleep(4)').catch((error: unknown) => error);
  await until(async () => {
    const { rowCount } = await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(4)'",
    );
    return rowCount === 1;
  });
  const failure = await reading;
  expect(failure).toBeInstanceOf(Problem);
  expect(failure).toMatchObject({ code: 'ViewUnavailable' });
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});
