import { setTimeout as delay } from 'node:timers/promises';
import {
  AccessDeniedError,
  type BasicCredentials,
  KurrentDBClient,
  StreamNotFoundError,
} from '@kurrent/kurrentdb-client';
import {
  requiredServerVersion,
  InvalidConnectionString,
  ServerTooOld,
  ServerUnauthorized,
  ServerUnreachable,
} from './store-errors.js';

export interface ConnectOptions {
  /** `kurrentdb://user:password@host:2113?tlsCAFile=…`, or `kurrentdb+discover://…`, or several hosts with commas between. */
  readonly connectionString: string;
  /** Whether a server that is not there yet is waited for, as long as it takes; true by default. */
  readonly waitForServer?: boolean;
}

/** A client, and what its reads have to be given. */
export interface Connection {
  readonly client: KurrentDBClient;
  /** The part of the client that reads takes credentials from the connection string as they are written, with their `%40`. */
  readonly readAs: { readonly credentials?: BasicCredentials };
}

const retryMs = 500;
/** A server that takes the connection and says nothing. */
const answerMs = 5_000;

const scheme = /^(kurrentdb|kurrent|kdb|esdb)(\+discover)?:\/\//;

/** What the client understands. About anything else it prints a warning with the whole string, password and all. */
const knownOptions = new Set(
  [
    'connectionName',
    'defaultDeadline',
    'discoveryInterval',
    'gossipTimeout',
    'keepAliveInterval',
    'keepAliveTimeout',
    'maxDiscoverAttempts',
    'nodePreference',
    'tls',
    'tlsCAFile',
    'tlsVerifyCert',
    'userCertFile',
    'userKeyFile',
  ].map((name) => name.toLowerCase()),
);

/** What is wrong with a connection string, as the end of a sentence, without what it holds; nothing where it can be used. */
export function connectionMistake(connectionString: string): string | undefined {
  try {
    connect(connectionString);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidConnectionString) return error.mistake;
    throw error;
  }
}

/** Why a server cannot be used now, if so: it is not there, too old, or does not take the credentials. */
export async function serverProblem(connectionString: string): Promise<Error | undefined> {
  try {
    const { client } = await connectToServer({ connectionString, waitForServer: false });
    await client.dispose();
    return undefined;
  } catch (error) {
    const told = [InvalidConnectionString, ServerTooOld, ServerUnauthorized, ServerUnreachable];
    if (told.some((kind) => error instanceof kind)) return error as Error;
    throw error;
  }
}

/** The servers of a connection string, without credentials and options: for messages. */
function serverName(connectionString: string): string {
  const authority = connectionString.replace(scheme, '').split(/[/?]/, 1)[0]!;
  return authority.slice(authority.lastIndexOf('@') + 1);
}

/** @throws InvalidConnectionString, ServerTooOld, ServerUnauthorized; without `waitForServer` also ServerUnreachable */
export async function connectToServer({ connectionString, waitForServer = true }: ConnectOptions): Promise<Connection> {
  const server = serverName(connectionString);
  for (;;) {
    // A client remembers that its first question failed, so each attempt has one of its own.
    const connection = connect(connectionString);
    const { client } = connection;
    try {
      assertVersion(await inTime(versionOf(client)));
      await inTime(assertReadable(connection));
      return connection;
    } catch (error) {
      await client.dispose();
      if (error instanceof ServerTooOld) throw error;
      if (isUnauthorized(error)) throw new ServerUnauthorized(server);
      if (!waitForServer) throw new ServerUnreachable(server, { cause: error });
    }
    await delay(retryMs);
  }
}

export function isUnauthorized(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  const [permissionDenied, unauthenticated] = [7, 16];
  return error instanceof AccessDeniedError || code === permissionDenied || code === unauthenticated;
}

function connect(connectionString: string): Connection {
  if (!scheme.test(connectionString))
    throw new InvalidConnectionString('has to start with kurrentdb:// or kurrentdb+discover://');
  const { searchParams } = new URL(`any:?${connectionString.split('?').slice(1).join('?')}`);
  for (const name of searchParams.keys()) {
    if (!knownOptions.has(name.toLowerCase())) {
      throw new InvalidConnectionString(
        `has an option that the client does not know: ${JSON.stringify(name.slice(0, 50))}`,
      );
    }
  }
  try {
    return { client: KurrentDBClient.connectionString(connectionString), readAs: readAsOf(connectionString) };
  } catch (error) {
    // The client's own words about how a string is written hold the string.
    const { name, message } = error as Error;
    const isAboutFile = name === 'Error' && /file|path/i.test(message) && !message.includes(connectionString);
    throw new InvalidConnectionString(
      isAboutFile
        ? `names a file that cannot be used (${message})`
        : 'has to read kurrentdb://user:password@host:port?option=value',
    );
  }
}

function readAsOf(connectionString: string): Connection['readAs'] {
  const [, username, password] = /^[^:]+:\/\/([^:@/]+):([^@]+)@/.exec(connectionString) ?? [];
  if (username === undefined || password === undefined) return {};
  return { credentials: { username: decodeURIComponent(username), password: decodeURIComponent(password) } };
}

/** The client knows the version and keeps it for itself; the only other way to it would be a connection of our own. */
async function versionOf(client: KurrentDBClient): Promise<string> {
  const { capabilities } = client as unknown as { readonly capabilities: Promise<{ readonly serverVersion: string }> };
  return (await capabilities).serverVersion;
}

/** The client reads through another connection than it writes, and only a call of this kind asks for credentials. */
async function assertReadable({ client, readAs }: Connection): Promise<void> {
  try {
    for await (const _ of client.readStream('shelfmark:probe', { ...readAs, maxCount: 1 })) return;
  } catch (error) {
    if (!(error instanceof StreamNotFoundError)) throw error;
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const silence = new AbortController();
  const tooLate = delay(answerMs, undefined, { signal: silence.signal }).then(() => {
    throw new Error(`no answer within ${answerMs} ms`);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    tooLate.catch(() => undefined);
    silence.abort();
  }
}

function assertVersion(serverVersion: string): void {
  const [major, minor] = numbers(serverVersion);
  const [requiredMajor, requiredMinor] = numbers(requiredServerVersion);
  if (!(major! > requiredMajor! || (major === requiredMajor && minor! >= requiredMinor!)))
    throw new ServerTooOld(serverVersion);
}

/** A server that does not tell its version is older than any that does. */
function numbers(version: string): number[] {
  const match = /^(\d+)\.(\d+)/.exec(version);
  return match ? [Number(match[1]), Number(match[2])] : [0, 0];
}
