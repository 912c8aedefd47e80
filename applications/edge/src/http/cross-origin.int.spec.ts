import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EdgeUnderTest, type Servers, startServers } from '../testing/edge-under-test.js';
import { maxHeaders } from './server.js';

const origin = 'https://library.example.org';

let servers: Servers;
let closed: EdgeUnderTest;
let open: EdgeUnderTest;

beforeAll(async () => {
  servers = await startServers();
  closed = await EdgeUnderTest.start(servers);
  open = await EdgeUnderTest.start(servers, { corsOrigins: [origin] });
});

afterAll(async () => {
  await Promise.all([closed?.stop(), open?.stop()]);
  await servers?.stop();
});

const preflight = (edge: EdgeUnderTest, from: string) =>
  edge.request('OPTIONS', '/books', {
    token: null,
    headers: {
      origin: from,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    },
  });

describe('a page from elsewhere', () => {
  it('may use the interface where it is said so, and sees the headers that matter', async () => {
    const asked = await preflight(open, origin);
    expect(asked.status).toBe(204);
    expect(asked.header('access-control-allow-origin')).toBe(origin);
    expect(asked.header('access-control-allow-methods')).toContain('POST');
    expect(asked.header('access-control-allow-headers')).toContain('Authorization');
    // Refusals too, or the page could not tell them from an outage.
    for (const token of [open.token, null]) {
      const answer = await open.request('GET', '/queue', { token, headers: { origin } });
      expect(answer.header('access-control-allow-origin')).toBe(origin);
      expect(answer.header('access-control-expose-headers')).toContain('Shelfmark-Position');
      expect(answer.header('access-control-allow-credentials')).toBeNull();
      expect(answer.header('vary')).toContain('Origin');
    }
  });

  it('may not where it is not', async () => {
    for (const [edge, from] of [
      [open, 'https://library.example.org.evil.example'],
      [open, 'null'],
      [closed, origin],
    ] as const) {
      for (const answer of [
        await preflight(edge, from),
        await edge.request('GET', '/', { headers: { origin: from } }),
      ]) {
        expect(answer.header('access-control-allow-origin')).toBeNull();
        expect(answer.header('access-control-allow-methods')).toBeNull();
      }
    }
  });
});

it('every answer tells browsers to do nothing with it but what was meant', async () => {
  for (const at of ['/', '/books', '/nothing', '/books/%zz']) {
    const { header } = await closed.request('GET', at, { token: null });
    expect(header('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(header('x-content-type-options')).toBe('nosniff');
    expect(header('referrer-policy')).toBe('no-referrer');
    expect(header('cross-origin-resource-policy')).toBe('same-origin');
  }
});

it('too many headers are refused, and not passed over', async () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, 'y']));
  expect((await closed.request('GET', '/', { headers: many(maxHeaders - 20) })).status).toBe(200);
  const refused = await closed.request('GET', '/', { headers: many(maxHeaders + 1) });
  expect(refused.json).toMatchObject({ status: 431, code: 'HeadersTooLarge' });
});
