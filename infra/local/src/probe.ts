import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { identify } from './process-identity.js';

/** How to ask a process whether it is ready: plain data, because `npm run status` asks from another process. */
export type Probe =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'nats'; readonly host: string; readonly port: number }
  /** It listens once it can answer. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'postgres'; readonly cluster: string };

export type Readiness = (
  { readonly ready: true; readonly reason?: never } | { readonly ready: false; readonly reason: string }
) & { readonly details?: HealthDetails };

/** What a process says of the things that its readiness rests on, by their names; `mirror:<service>` says how far a view is. */
export type HealthDetails = Readonly<Record<string, HealthDetail>>;

export interface HealthDetail {
  readonly status?: 'up' | 'down';
  readonly message?: string;
  readonly position?: string | null;
  readonly behind?: number | null;
}

const PATIENCE_MS = 2_000;

export async function ask(probe: Probe): Promise<Readiness> {
  switch (probe.kind) {
    case 'http':
      return askHttp(probe.url);
    case 'nats':
      return askNats(probe);
    case 'tcp':
      return askTcp(probe);
    case 'postgres':
      return askPostgres(probe.cluster);
  }
}

function askHttp(url: string): Promise<Readiness> {
  return new Promise((resolve) => {
    const unanswered = (error: Error) => resolve({ ready: false, reason: reasonOf(error) });
    // No agent: a connection kept alive would hold up the process' shutdown.
    const request = get(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      text(response).then((body) => resolve(readinessOf(response.statusCode, body)), unanswered);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', unanswered);
  });
}

function readinessOf(status: number | undefined, body: string): Readiness {
  const details = detailsIn(body);
  if (status === 200) return { ready: true, details };
  const down = Object.entries(details).filter(([, detail]) => detail.status === 'down');
  const reason = down.map(([name, { message }]) => (message ? `${name}: ${message}` : `${name} is down`));
  return { ready: false, reason: reason.join(', ') || `its health answers ${status}`, details };
}

function detailsIn(body: string): HealthDetails {
  try {
    return (JSON.parse(body) as { details?: HealthDetails }).details ?? {};
  } catch {
    return {};
  }
}

async function askNats({ host, port }: { host: string; port: number }): Promise<Readiness> {
  try {
    const info = await natsInfo(host, port);
    return info.jetstream ? { ready: true } : { ready: false, reason: 'JetStream is off' };
  } catch (error) {
    return { ready: false, reason: reasonOf(error as Error) };
  }
}

function askTcp({ host, port }: { host: string; port: number }): Promise<Readiness> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS });
    const end = (readiness: Readiness) => {
      socket.destroy();
      resolve(readiness);
    };
    socket.on('connect', () => end({ ready: true }));
    socket.on('timeout', () => end({ ready: false, reason: 'no answer' }));
    socket.on('error', (error) => end({ ready: false, reason: reasonOf(error) }));
  });
}

export interface NatsInfo {
  readonly version: string;
  readonly jetstream?: boolean;
  readonly max_payload: number;
}

/** A NATS server introduces itself to whoever connects, before any password: `INFO {json}`. It listens once JetStream has recovered. */
export function natsInfo(host: string, port: number): Promise<NatsInfo> {
  return firstBytes(host, port, undefined, (text) => {
    const [, json] = /^INFO (.*)\r\n/.exec(text) ?? [];
    return json === undefined ? undefined : (JSON.parse(json) as NatsInfo);
  });
}

/** Postgres answers one letter to a client that asks for TLS, before any password. */
export function postgresAnswers(host: string, port: number): Promise<string> {
  const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
  return firstBytes(host, port, sslRequest, (text) => (/^[SNE]/.test(text) ? text.charAt(0) : undefined));
}

/**
 * Postgres writes its state into the eighth line of its lock file; `pg_ctl start --wait` reads the same. The file of one that was
 * killed still says `ready`, so the process in the first line must live.
 */
function askPostgres(cluster: string): Readiness {
  const lines = linesOf(join(cluster, 'postmaster.pid'));
  const state = identify(Number(lines[0])) ? lines[7]?.trim() : undefined;
  return state === 'ready' ? { ready: true } : { ready: false, reason: state || 'starting' };
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function firstBytes<T>(
  host: string,
  port: number,
  hello: Buffer | undefined,
  read: (text: string) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ host, port, timeout: PATIENCE_MS }, () => hello && socket.write(hello));
    socket.setEncoding('latin1');
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('it closed the connection')));
    socket.on('data', (chunk: string) => {
      received += chunk;
      try {
        const answer = read(received);
        if (answer === undefined) return;
        resolve(answer);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      socket.destroy();
    });
  });
}

function reasonOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'nobody listens yet' : error.message;
}
