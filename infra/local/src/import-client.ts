import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { Progress } from './progress.js';

/** An import as `GET /operations/{id}` shows it, as far as it is printed. */
export interface Operation {
  readonly state: 'queued' | 'running' | 'completed' | 'failed';
  readonly rows: number;
  readonly tally: Readonly<Record<Outcome, number>>;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly total: number;
  readonly format?: { readonly type?: string; readonly encoding: string; readonly ignoredColumns: readonly string[] };
  readonly failure?: { readonly code: string };
  readonly _embedded: { readonly rows: readonly ReportedRow[] };
}

export type Outcome = 'added' | 'alreadyThere' | 'deletedSince' | 'different' | 'refused';

interface ReportedRow {
  readonly line?: number;
  readonly record?: number;
  readonly outcome: string;
  readonly reason: string;
  readonly column?: string;
  readonly repaired?: { readonly from: string; readonly to: string };
}

interface Answer {
  readonly status: number;
  readonly location?: string;
  readonly body: string;
}

/** What is sent, and to where. */
export interface Upload {
  /** The edge's address. */
  readonly edge: string;
  /** That of a librarian. */
  readonly token: string;
  readonly file: string;
  readonly kind: string;
  readonly dryRun: boolean;
  /** The same upload with the same key is the same import. */
  readonly key: string;
}

const SHOWN_ROWS = 10;
const POLL_MS = 250;
const REQUEST_TIMEOUT_MS = 10_000;
/** The system may restart a part of itself meanwhile. */
const PATIENCE_MS = 120_000;

/** The import was refused, or cannot be followed to its end. */
export class CannotImport extends Error {
  override readonly name = 'CannotImport';
}

/**
 * Sends a file and waits until it is imported, through restarts of the system.
 * @returns the import at its end, and where it is told
 * @throws CannotImport
 */
export async function importThrough(
  upload: Upload,
  progress: Progress,
): Promise<{ operation: Operation; url: string }> {
  const url = upload.edge + (await send(upload, progress));
  return { operation: await untilDone(url, upload.token, progress), url };
}

/** @returns where to ask how far it is */
async function send({ edge, token, file, kind, dryRun, key }: Upload, progress: Progress): Promise<string> {
  const url = `${edge}/imports?kind=${kind}&dryRun=${dryRun}`;
  const total = statSync(file).size;
  return insist(async () => {
    const answer = await post(url, { token, key }, file, total, (sent) => progress.bar(sent, total, 'bytes sent'));
    if (answer.status === 202) return answer.location!;
    if (isPassing(answer)) return undefined;
    throw new CannotImport(`The file was not taken: ${problemIn(answer)}`);
  });
}

function post(
  url: string,
  { token, key }: Pick<Upload, 'token' | 'key'>,
  file: string,
  total: number,
  onSent: (bytes: number) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = isCompressed(file) ? {} : { 'Content-Length': total };
    const headers = { ...authorization(token), 'Content-Type': 'text/csv', ...length, 'Idempotency-Key': key };
    const request = requestTo(url)(url, { method: 'POST', headers, agent: false });
    request.on('error', reject);
    // Also before the file is sent to its end: a refusal does not wait for that, and the rest is of no use.
    request.on('response', (response) => {
      void answerOf(response)
        .then(resolve, reject)
        .finally(() => request.destroy());
    });
    let sent = 0;
    const source = createReadStream(file).on('data', (chunk) => onSent((sent += chunk.length)));
    const sending = isCompressed(file) ? pipeline(source, createGunzip(), request) : pipeline(source, request);
    sending.catch((error: NodeJS.ErrnoException) => {
      const isDamaged = error.code?.startsWith('Z_') === true;
      reject(isDamaged ? new CannotImport(`The file cannot be decompressed: ${error.message}`) : error);
    });
  });
}

/** Whether it begins as gzip's files do (RFC 1952). */
function isCompressed(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(2);
    readSync(descriptor, head);
    return head.readUInt16BE() === 0x1f8b;
  } finally {
    closeSync(descriptor);
  }
}

async function untilDone(url: string, token: string, progress: Progress): Promise<Operation> {
  let saidRows = 0;
  for (;;) {
    const operation = await insist(async () => {
      const answer = await get(`${url}?limit=${SHOWN_ROWS}`, token);
      if (answer.status === 200) return JSON.parse(answer.body) as Operation;
      if (isPassing(answer)) return undefined;
      throw new CannotImport(`The import cannot be followed: ${problemIn(answer)}`);
    });
    const { state, rows, bytesDone, bytesTotal } = operation;
    if (state === 'completed' || state === 'failed') return operation;
    if (state === 'queued') progress.waiting('waiting for the imports before it');
    else if (process.stdout.isTTY) progress.bar(bytesDone, bytesTotal, `bytes, ${rows} rows`);
    else if (rows >= saidRows + 20_000) progress.step(`${(saidRows = rows)} rows`);
    await sleep(POLL_MS);
  }
}

/** Too busy, or asked too often. */
function isPassing({ status }: Answer): boolean {
  return status === 503 || status === 429;
}

function authorization(token: string): { readonly Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

function get(url: string, token: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = requestTo(url)(url, {
      headers: authorization(token),
      agent: false,
      timeout: REQUEST_TIMEOUT_MS,
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('response', (response) => void answerOf(response).then(resolve, reject));
    request.end();
  });
}

function requestTo(url: string): typeof httpRequest {
  return url.startsWith('https:') ? httpsRequest : httpRequest;
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const { location } = response.headers;
  return {
    status: response.statusCode!,
    ...(location !== undefined && { location }),
    body: await text(response),
  };
}

/** Does it until it gives something, for as long as the system may need to come back. Requests that break off count as nothing. */
async function insist<Result>(attempt: () => Promise<Result | undefined>): Promise<Result> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    let reason = 'it has no time';
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      if (error instanceof CannotImport) throw error;
      reason = (error as Error).message;
    }
    if (Date.now() > deadline) throw new CannotImport(`Shelfmark does not answer: ${reason}`);
    await sleep(500);
  }
}

function problemIn({ status, body }: Answer): string {
  try {
    const { title, detail } = JSON.parse(body) as { title?: string; detail?: string };
    return detail ?? title ?? String(status);
  } catch {
    return String(status);
  }
}
