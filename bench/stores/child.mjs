import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Starts a program of ours, and waits until it has printed on which port it listens. @param pattern of that line */
export async function child(file, args, pattern) {
  const process = spawn(globalThis.process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: process.stdout })) {
    const [, port] = pattern.exec(line) ?? [];
    if (port === undefined) continue;
    process.stdout.resume();
    return { port, end: () => process.kill('SIGKILL') };
  }
  throw new Error(`${file} ended`);
}

/** The development server on data of its own. */
export async function startServer(data) {
  const { port, end } = await child(
    '../../packages/eventstoredb-server/shelfmark-eventstoredb.mjs',
    ['--port', '0', '--data', data, '--insecure'],
    /^listening on .*:(\d+)$/,
  );
  return { connectionString: `kurrentdb://127.0.0.1:${port}?tls=false`, end };
}
