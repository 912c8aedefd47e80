import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { System, eventStore, projectRoot, until } from './system.js';
import { type CollectedSpan, type Sample, type Scrape, TraceCollector, scrapeAll } from './telemetry.js';

let collector: TraceCollector;
let system: System;
let api: Api;

beforeAll(async () => {
  collector = await TraceCollector.start();
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url;
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = '100';
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(async () => {
  await system?.dispose();
  collector?.stop();
});

/** A client's own span, in which it calls. */
function client(isSampled = true): { traceId: string; spanId: string; headers: { traceparent: string } } {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}` } };
}

const spansOf = (traceId: string): readonly CollectedSpan[] =>
  collector.spans.filter((span) => span.traceId === traceId);

/** The spans above one, from the outermost on, each as `process: name`, and whether they begin with the client's. */
function pathTo(span: CollectedSpan, clientSpan: string): readonly string[] {
  const parent = spansOf(span.traceId).find(({ spanId }) => spanId === span.parentSpanId);
  const above = parent ? pathTo(parent, clientSpan) : [span.parentSpanId === clientSpan ? 'client' : 'nowhere'];
  return [...above, `${span.process}: ${span.name}`];
}

async function pathsOf({ traceId, spanId }: { traceId: string; spanId: string }, ends: readonly string[]) {
  const paths = () => spansOf(traceId).map((span) => pathTo(span, spanId).join(' > '));
  // What is above a span may come after it: it ends later.
  await until(`the trace has ${ends.join(', ')}, and all that is above them`, () => {
    const found = paths();
    return (
      ends.every((end) => found.some((path) => path.endsWith(end))) && !found.some((path) => path.startsWith('nowhere'))
    );
  });
  return new Set(paths());
}

describe('a trace', () => {
  it('leads from the request over the bus, the decision, the log and the mirror to the row', async () => {
    const caller = client();
    const { status, body } = await api.post('/books', { title: 'Emma', amount: 1 }, caller.headers);
    expect(status).toBe(201);
    expect((await api.get(`/books/${body.id}`)).status).toBe(200);
    const handled = 'client > edge: POST /books > edge: send CreateBook > book-service: handle CreateBook';
    const decided = `${handled} > book-service: decide CreateBook`;
    const ends = ['relay BookCreated', 'append'].map((name) => `book-service: ${name}`);
    const projected = ['view-books', 'view-statistics'].map((view) => `${view}: project BookCreated`);
    expect(await pathsOf(caller, ['edge: POST /books', ...ends, ...projected])).toEqual(
      new Set([
        'client > edge: POST /books',
        'client > edge: POST /books > edge: send CreateBook',
        handled,
        decided,
        ...[...ends, ...projected].map((end) => `${decided} > ${end}`),
      ]),
    );
  });

  it('goes through the services that one asks of another', async () => {
    const [{ body: book }, { body: user }] = await Promise.all([
      api.post('/books', { title: 'Persuasion', amount: 1 }),
      api.post('/users', { name: 'Ann Elliot', email: `${randomUUID()}@kellynch.example.org` }),
    ]);
    const caller = client();
    expect((await api.post('/rents', { userId: user.id, bookId: book.id }, caller.headers)).status).toBe(201);
    const asked = ['book-service: handle GetBookFacts', 'user-service: handle GetUserFacts'];
    const paths = await pathsOf(caller, [...asked, 'view-rents: project BookRented']);
    for (const path of paths) expect(path).toMatch(/^client > edge: POST \/rents/);
    for (const end of asked) {
      const [path] = [...paths].filter((path) => path.endsWith(end));
      expect(path).toContain('rent-service: handle RentBook > rent-service: send Get');
    }
  });

  it('is begun by the edge where the client has none, and is not recorded where the client says so', async () => {
    const unsampled = client(false);
    await api.post('/books', { title: 'Sanditon', amount: 1 }, unsampled.headers);
    const before = new Set(collector.spans.map(({ traceId }) => traceId));
    await api.post('/books', { title: 'Lady Susan', amount: 1 });
    // Each process sends its spans when it gets to it, so that a trace's end may be here before its beginning.
    const root = () =>
      collector.spans.find((span) => !before.has(span.traceId) && !span.parentSpanId && span.name === 'POST /books');
    await until('the trace of the second book is there', () => {
      const found = root();
      return found !== undefined && spansOf(found.traceId).some(({ name }) => name === 'project BookCreated');
    });
    expect(spansOf(root()!.traceId).filter(({ parentSpanId }) => !parentSpanId)).toMatchObject([{ process: 'edge' }]);
    expect(spansOf(unsampled.traceId)).toEqual([]);
  });

  it('holds no names and no addresses', () => {
    expect(JSON.stringify(collector.spans)).not.toMatch(/Elliot|kellynch/);
  });
});

const isEmbedded = eventStore === 'embedded';

/** The rows of a table in docs/operations/metrics.md: name, type, labels, processes, and what it says of them. */
const documented = [
  ...readFileSync(join(projectRoot, 'docs', 'operations', 'metrics.md'), 'utf8').matchAll(
    /^\| `(\w+)` +\| (\w+) +\| ([^|]*?) *\| ([^|]*?) *\| (.*)/gm,
  ),
].map(([, name, , labels, processes, meaning]) => ({
  name: name!,
  labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
  processes: processes!.split(', '),
  isThere: isEmbedded || !meaning!.includes('Only with the embedded log.'),
}));

function kindsOf(process: string): readonly string[] {
  if (process === 'edge') return ['all', 'edge'];
  if (process.startsWith('view-')) return ['all', 'views'];
  return process === 'notice-service' ? ['all', process] : ['all', 'services', process];
}

const sum = (scrapes: readonly Scrape[], name: string, labels: Readonly<Record<string, string>>): number =>
  scrapes
    .flatMap(({ samples }) => samples)
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )
    .reduce((total, { value }) => total + value, 0);

async function nothingLags(): Promise<boolean> {
  const lags = ['relay_lag_events', 'relay_lag_seconds', 'projection_lag_events', 'projection_lag_seconds'];
  const scrapes = await scrapeAll(system);
  return lags.every((lag) => sum(scrapes, `shelfmark_${lag}`, {}) === 0);
}

describe('the metrics', () => {
  it('are those that the documentation lists, in each process, and no others', async () => {
    const scrapes = await scrapeAll(system);
    expect(scrapes.map(({ process }) => process).sort()).toEqual(
      system
        .processes()
        .map(({ name }) => name)
        .filter((name) => !['nats', 'postgres', 'event-store'].includes(name))
        .sort(),
    );
    for (const { process, names } of scrapes) {
      const expected = documented.filter(
        ({ processes, isThere }) => isThere && processes.some((kind) => kindsOf(process).includes(kind)),
      );
      expect([process, ...names.toSorted()]).toEqual([process, ...expected.map(({ name }) => name).sort()]);
    }
  });

  it('have the labels that the documentation lists, and in these no ids', async () => {
    const scrapes = await scrapeAll(system);
    const labels = new Map(documented.map(({ name, labels }) => [name, new Set([...labels, 'process'])]));
    const unlisted = ({ name, labels: given }: Sample): string[] => {
      const listed = labels.get(name) ?? labels.get(name.replace(/_(bucket|sum|count)$/, ''));
      return Object.keys(given).filter((label) => label !== 'le' && !listed?.has(label));
    };
    for (const { process, samples } of scrapes) {
      for (const sample of samples) {
        expect(unlisted(sample), `${process} ${sample.name}`).toEqual([]);
        expect(JSON.stringify(sample.labels)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|@|example/);
        expect(sample.labels['process']).toBe(process);
      }
    }
  });

  it('move with what happens', async () => {
    // What was done before is counted before.
    await until('nothing lags', nothingLags);
    const before = await scrapeAll(system);
    const [{ body: book }, { body: user }] = await Promise.all([
      api.post('/books', { title: 'Northanger Abbey', amount: 1 }),
      api.post('/users', { name: 'Catherine', email: `${randomUUID()}@example.org` }),
    ]);
    const rent = { userId: user.id, bookId: book.id };
    expect((await api.post('/rents', rent)).status).toBe(201);
    expect((await api.post('/rents', rent)).body.code).toBe('AlreadyRented');
    expect((await api.get(`/books/${randomUUID()}`)).status).toBe(404);
    expect((await api.get(`/nothing/${randomUUID()}`)).status).toBe(404);
    // Sent with the positions of the writes, so that the views have come that far.
    await api.get(`/users/${user.id}`);

    const after = await scrapeAll(system);
    const grown = (name: string, labels: Readonly<Record<string, string>>) =>
      sum(after, name, labels) - sum(before, name, labels);
    expect(grown('shelfmark_commands_total', { type: 'CreateBook', outcome: 'accepted' })).toBe(1);
    expect(grown('shelfmark_commands_total', { type: 'RentBook', outcome: 'accepted' })).toBe(1);
    expect(grown('shelfmark_commands_total', { type: 'RentBook', outcome: 'rejected' })).toBe(1);
    expect(grown('shelfmark_command_rejections_total', { type: 'RentBook', code: 'AlreadyRented' })).toBe(1);
    expect(grown('shelfmark_command_duration_seconds_count', { type: 'RentBook' })).toBe(2);
    expect(grown('shelfmark_appended_events_total', { process: 'book-service' })).toBe(1);
    expect(grown('shelfmark_flush_duration_seconds_count', { process: 'book-service' }) > 0).toBe(isEmbedded);
    expect(grown('shelfmark_entity_cache_lookups_total', { process: 'rent-service', result: 'hit' })).toBeGreaterThan(
      0,
    );
    expect(grown('shelfmark_projected_events_total', { process: 'view-users' })).toBe(2);
    const http = (method: string, route: string, status: string) =>
      grown('shelfmark_http_requests_total', { method, route, status });
    expect(http('POST', '/rents', '201')).toBe(1);
    expect(http('POST', '/rents', '409')).toBe(1);
    expect(http('GET', '/books/:id', '404')).toBe(1);
    expect(http('any', 'none', '404')).toBe(1);
  });

  it('say that nothing lags behind once everything is shown', async () => {
    await until('nothing lags', nothingLags);
    const checks = async (): Promise<readonly Sample[]> => {
      const scrapes = await scrapeAll(system);
      return scrapes.flatMap(({ samples }) => samples).filter(({ name }) => name === 'shelfmark_health_check_up');
    };
    expect(new Set((await checks()).map(({ labels }) => labels['check']))).toContain('nats');
    // A check that took too long says so until the next one.
    await expect.poll(async () => (await checks()).filter(({ value }) => value !== 1)).toEqual([]);
  });

  it('are not served to the public', async () => {
    expect((await api.get('/metrics')).status).toBe(404);
  });
});
