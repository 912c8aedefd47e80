import { fork } from 'node:child_process';
import { join } from 'node:path';

/** Runs one of these files as a process. @returns what it says when it is ready, and how to end it */
export async function start(name, ...args) {
  const child = fork(join(import.meta.dirname, `${name}.mjs`), args);
  const said = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
  });
  return { said, end: () => child.kill() };
}
