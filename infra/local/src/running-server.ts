import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { ended, killGroup, lastLines, startInBackground, type Command } from './command.js';
import { findNatsServer, setUpNatsServer } from './nats-server.js';
import { freePort } from './ports.js';
import { findPostgres, setUpPostgres, type PostgresBinaries } from './postgres.js';
import { makePrivateDirectory } from './private-files.js';
import { ask } from './probe.js';

/** A real server of one's own, for tests. It ends with the process that started it, in any case. */
export interface RunningServer {
  /** With user and password: those of who may do everything. */
  readonly url: string;
  readonly pid: number;
  /** In order. */
  stop(): Promise<void>;
  /** As by `kill -9`. Starting again with the same folder and port continues where it was. */
  kill(): Promise<void>;
}

export interface RunningNatsServer extends RunningServer {
  /** With the user and the password of one of our processes, such as `book-service`. */
  readonly urlOf: (process: string) => string;
}

export interface ServerPlace {
  /** Holds the data, the password and the log; made when it does not exist. */
  readonly dataDir: string;
  readonly port?: number;
}

const READY_WITHIN_MS = 60_000;

/**
 * Starts a NATS server with JetStream.
 * @param place `maxPayloadBytes` is the most that a message may weigh, 1 MiB by default; the folder `jetstream` holds the streams
 * @throws NatsServerMissing when there is none and none can be had; an Error with the log's end when it does not start
 */
export async function startNatsServer({
  dataDir,
  port,
  maxPayloadBytes,
}: ServerPlace & { readonly maxPayloadBytes?: number }): Promise<RunningNatsServer> {
  const binary = await findNatsServer(process.env, join(dataDir, 'cache'));
  const { url, urlOf, command } = setUpNatsServer(binary, dataDir, port ?? (await freePort()), maxPayloadBytes);
  return { ...(await launch('nats', url, command, dataDir, 'SIGTERM')), urlOf };
}

/**
 * Starts a Postgres with an empty database `shelfmark`.
 * @param place `binaries` names the ones to run, instead of those that are found
 * @throws PostgresMissing, PostgresCannotRun; an Error with the log's end when it does not start
 */
export async function startPostgres({
  dataDir,
  port,
  binaries,
}: ServerPlace & { readonly binaries?: PostgresBinaries }): Promise<RunningServer> {
  const { url, command } = await setUpPostgres(
    binaries ?? (await findPostgres(process.env, dataDir)),
    dataDir,
    port ?? (await freePort()),
  );
  return launch('postgres', url, command, dataDir, 'SIGINT');
}

async function launch(
  name: string,
  url: string,
  command: Command,
  dataDir: string,
  stopSignal: NodeJS.Signals,
): Promise<RunningServer> {
  makePrivateDirectory(dataDir);
  const logFile = join(dataDir, `${name}.log`);
  const child = startInBackground(command, logFile);
  const exit = ended(child);
  let outcome: string | undefined;
  void exit.then((text) => (outcome = text));

  const giveUp = Date.now() + READY_WITHIN_MS;
  while (!(await ask(command.probe)).ready) {
    if (outcome !== undefined || Date.now() > giveUp) {
      killGroup(child);
      throw new Error(`${name} did not start (${outcome ?? 'no sign'}):\n${lastLines(logFile, 15).join('\n')}`);
    }
    await sleep(20);
  }
  return {
    url,
    pid: child.pid!,
    async stop() {
      child.kill(stopSignal);
      await exit;
    },
    async kill() {
      killGroup(child);
      await exit;
    },
  };
}
