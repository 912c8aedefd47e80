import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Program, temporaryDirectory } from './testing/program.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

test('says what it is, where it listens, and stops when it is told to', async () => {
  const program = await Program.start('--insecure', '--in-memory');
  expect(program.output).toMatch(/for development and tests[^]*\nlistening on 127\.0\.0\.1:\d+\n$/);
  expect(await program.stop()).toBe(0);
  expect(program.errors).toBe('');
});

test.each([
  [[]],
  [['--what']],
  [['--insecure', '--port', 'http']],
  [['--insecure', '--port', '70000']],
  [['--insecure', '--max-append-size', '1M']],
  [['--insecure', '--data', 'here', '--in-memory']],
  [['--tls-cert', 'alone.pem']],
  [['--insecure', '--tls-cert', 'a.pem', '--tls-key', 'a.key']],
])('refuses %j as wrong use', async (args) => {
  const program = new Program(args);
  expect(await program.exit).toBe(2);
  expect(program.errors).toContain('Usage');
});

test('says why it cannot start', async () => {
  const running = await Program.start('--insecure', '--data', join(directory.path, 'log'));
  const port = String(await running.port());
  const samePort = new Program(['--insecure', '--port', port]);
  expect(await samePort.exit).toBe(1);
  expect(samePort.errors).toContain(port);
  const sameLog = new Program(['--insecure', '--port', '0', '--data', join(directory.path, 'log')]);
  expect(await sameLog.exit).toBe(1);
  expect(sameLog.errors).toContain('log');
  await running.stop();

  const missing = new Program(['--port', '0', '--tls-cert', join(directory.path, 'no.pem'), '--tls-key', 'no.key']);
  expect(await missing.exit).toBe(1);
  expect(missing.errors).toContain('no.pem');
  const garbage = join(directory.path, 'garbage.pem');
  writeFileSync(garbage, 'garbage');
  const unreadable = new Program(['--port', '0', '--tls-cert', garbage, '--tls-key', garbage]);
  expect(await unreadable.exit).toBe(1);
});

test('tells how it is used', async () => {
  const program = new Program(['--help']);
  expect(await program.exit).toBe(0);
  expect(program.output).toContain('--tls-cert');
});
