import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NoLocalIssuer, issuerEnvironment, librarianToken, tokenFor } from './local-issuer.js';

const user = '01890a5d-ac96-774b-bcce-b302099a8057';
let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'shelfmark-issuer-'));
  vi.stubEnv('OIDC_ISSUER', '');
  vi.stubEnv('SHELFMARK_TOKEN', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(data, { recursive: true });
});

it('signs tokens that its keys verify, in whatever way they are asked for', async () => {
  const { OIDC_ISSUER, OIDC_AUDIENCE, OIDC_JWKS_URL } = await issuerEnvironment(data);
  const token = await tokenFor(data, { role: 'member', user });
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(OIDC_JWKS_URL!)), {
    issuer: OIDC_ISSUER!,
    audience: OIDC_AUDIENCE!,
  });
  expect(payload).toMatchObject({ sub: user, roles: ['member'], shelfmark_user: user });
  expect(payload.exp! - payload.iat!).toBe(12 * 3600);
});

it('has one key for ever, which nobody else can read, and tells nobody its private part', async () => {
  const told = await issuerEnvironment(data);
  expect(await issuerEnvironment(data)).toEqual(told);
  const file = join(data, 'issuer', 'key.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(data, 'issuer')).mode & 0o777).toBe(0o700);
  const { d } = JSON.parse(readFileSync(file, 'utf8')) as { d: string };
  expect(d.length).toBeGreaterThan(40);
  expect(JSON.stringify(told)).not.toContain(d);
});

it('makes no token where there is no library', async () => {
  await expect(tokenFor(data, { role: 'librarian' })).rejects.toThrow(NoLocalIssuer);
  expect(await librarianToken(data)).toBeUndefined();
});

it('steps back for an issuer that the environment names, and for a token in it', async () => {
  await issuerEnvironment(data);
  expect(await librarianToken(data)).toMatch(/^ey/);
  vi.stubEnv('OIDC_ISSUER', 'https://issuer.example');
  expect(await issuerEnvironment(data)).toEqual({});
  expect(await librarianToken(data)).toBeUndefined();
  vi.stubEnv('SHELFMARK_TOKEN', 'theirs');
  expect(await librarianToken(data)).toBe('theirs');
});
