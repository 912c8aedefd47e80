import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

it('says everything that is wrong with its calendar, and ends with 78', async () => {
  const env = {
    PATH: process.env['PATH'],
    NATS_URL: 'nats://127.0.0.1:1',
    DATA_DIR: '/nowhere',
    HEALTH_PORT: '0',
    LIBRARY_TIME_ZONE: 'Mars/Olympus',
    LIBRARY_CLOSED_DAYS: 'sunday,monday,tuesday,wednesday,thursday,friday,saturday, 2026-02-30, 2026-05-02/2026-05-01',
  };
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, [main], { env }, (error, _stdout, text) => resolve({ code: error?.code, stderr: text }));
  });
  expect(code).toBe(78);
  expect(stderr).toContain('LIBRARY_TIME_ZONE must be a time zone');
  expect(stderr).toContain('LIBRARY_CLOSED_DAYS must be days on which the library is closed');
  for (const mistake of [
    '"2026-02-30" is no',
    '2026-05-02/2026-05-01 ends before',
    'every day of the week is closed',
  ]) {
    expect(stderr).toContain(mistake);
  }
});
