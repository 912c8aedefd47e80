import { setTimeout as delay } from 'node:timers/promises';
import type { LoggedEvent } from './logged-event.js';
import type { Random } from './random.js';

/** A file that was imported while things went wrong, and what became of it. */
export interface Imported {
  readonly titles: readonly string[];
  readonly state: string;
  /** How many rows were reported as added. */
  readonly added: number;
}

const patienceMs = 180_000;
const retryMs = 200;

/** Sends a file of books, again and again with one key until it is taken, and waits for the import's end. */
export async function importBooks(
  { url, token }: { readonly url: string; readonly token: string },
  label: string,
  random: Random,
): Promise<Imported> {
  const titles = Array.from({ length: random.between(100, 600) }, (_, row) => `${label} row ${row}`);
  const body = `title,amount\n${titles.map((title) => `${title},1\n`).join('')}`;
  const authorization = { Authorization: `Bearer ${token}` };
  const headers = { ...authorization, 'Content-Type': 'text/csv', 'Idempotency-Key': `${label}-import` };
  const { id } = (await insist(`${url}/imports`, { method: 'POST', body, headers }, () => true)) as { id: string };
  const isOver = (operation: object) => 'finishedAt' in operation;
  const operation = (await insist(`${url}/operations/${id}`, { headers: authorization }, isOver)) as {
    state: string;
    tally: { added: number };
  };
  return { titles, state: operation.state, added: operation.tally.added };
}

/** Asks until there is an answer, and it is what is waited for. @throws Error where it says something else than "not now" */
async function insist(url: string, request: RequestInit, isEnough: (body: object) => boolean): Promise<object> {
  const deadline = performance.now() + patienceMs;
  let last = 'nothing';
  for (;;) {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(15_000) })
      .then(async (response) => ({ status: response.status, body: (await response.json()) as object }))
      .catch((error: Error) => void (last = error.cause instanceof Error ? error.cause.message : error.message));
    if (answer && answer.status < 300 && isEnough(answer.body)) return answer.body;
    if (answer && answer.status >= 300 && answer.status !== 503 && answer.status !== 429) {
      throw new Error(`${url} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    if (answer) last = JSON.stringify(answer);
    if (performance.now() > deadline) throw new Error(`${url} was not answered in ${patienceMs} ms, at last: ${last}`);
    await delay(retryMs);
  }
}

/** Each row is a book, once, and the report says so. */
export function checkImport({ titles, state, added }: Imported, bookLog: readonly LoggedEvent[]): string[] {
  const faults: string[] = [];
  if (state !== 'completed') faults.push(`an import ended ${state}`);
  if (added !== titles.length) faults.push(`an import says that it added ${added} of ${titles.length} rows`);
  const made = new Map<unknown, number>();
  for (const { type, data } of bookLog) {
    if (type === 'BookCreated') made.set(data['title'], (made.get(data['title']) ?? 0) + 1);
  }
  for (const title of titles) {
    const times = made.get(title) ?? 0;
    if (times !== 1) faults.push(`the imported row "${title}" is there ${times} times`);
  }
  return faults;
}
