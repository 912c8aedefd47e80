import { createHmac } from 'node:crypto';
import { exportSPKI, generateKeyPair } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProblemCode } from '../http/problem-status.js';
import type { Principal } from './principal.js';
import { Issuer, type SigningKey, makeKey } from './testing/issuer.js';
import { Tokens } from './tokens.js';

const userId = '01890a5d-ac96-774b-bcce-b302099a8058';
const seconds = () => Math.floor(Date.now() / 1000);

let first: SigningKey;
let second: SigningKey;
let issuer: Issuer;
let tokens: Tokens;

beforeAll(async () => {
  [first, second] = await Promise.all([makeKey('first'), makeKey('second', 'ES256')]);
});

beforeEach(async () => {
  issuer = await Issuer.start(first);
  tokens = reader();
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await issuer.stop();
});

/** Only the clocks, which stand still from then on: what waits for the network goes on doing so. */
function later(ms: number): void {
  const now = performance.now() + ms;
  vi.spyOn(performance, 'now').mockReturnValue(now);
  wrongBy(ms);
}

/** Somebody has set the clock, and no time has gone by. */
function wrongBy(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

function reader(settings: Partial<ConstructorParameters<typeof Tokens>[0]> = {}): Tokens {
  return new Tokens({
    issuer: issuer.url,
    audience: 'shelfmark',
    jwksUrl: null,
    rolesClaim: 'roles',
    userClaim: 'shelfmark_user',
    ...settings,
  });
}

async function principal(claims: object, settings?: Parameters<typeof reader>[0]): Promise<Principal> {
  return reader(settings).verify(await issuer.token(claims));
}

function refused(token: string, detail: RegExp, code: ProblemCode = 'InvalidToken'): Promise<void> {
  const problem = expect.objectContaining({ code, detail: expect.stringMatching(detail) });
  return expect(tokens.verify(token)).rejects.toEqual(problem);
}

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

describe('a token', () => {
  it('of the issuer says who its bearer is', async () => {
    const exp = seconds() + 60;
    expect(await principal({ sub: 'auth0|1', roles: ['member'], shelfmark_user: userId, exp })).toEqual({
      subject: 'auth0|1',
      role: 'member',
      userId,
      expiresAt: exp * 1000,
    });
  });

  it('is refused that nobody signed', async () => {
    const claims = { iss: issuer.url, aud: 'shelfmark', sub: 'x', exp: seconds() + 60, roles: ['librarian'] };
    const unsigned = `${encoded({ alg: 'none' })}.${encoded(claims)}.`;
    await refused(unsigned, /signed in a way that is not accepted/);
    await refused(`${encoded({ alg: 'None', kid: 'first' })}.${encoded(claims)}.`, /signed in a way/);
  });

  it('is refused that is signed with the public key as if it were a secret', async () => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const claims = { iss: issuer.url, aud: 'shelfmark', sub: 'x', exp: seconds() + 60, roles: ['librarian'] };
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(first.publicJwk), first.publicJwk.n!]) {
      const signed = `${encoded({ alg: 'HS256', kid: 'first' })}.${encoded(claims)}`;
      const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      await refused(token, /signed in a way that is not accepted/);
    }
  });

  it('is refused whose claims were changed, or whose key came along with it', async () => {
    const [head, , signature] = (await issuer.token()).split('.');
    const claims = { iss: issuer.url, aud: 'shelfmark', sub: 'admin', exp: seconds() + 60, roles: ['librarian'] };
    await refused(`${head}.${encoded(claims)}.${signature}`, /not a token that its issuer has signed/);
    const stranger = await makeKey('first');
    await refused(await issuer.token({}, stranger), /not a token that its issuer has signed/);
    const withKey = encoded({ alg: 'RS256', jwk: stranger.publicJwk, kid: 'first' });
    await refused(`${withKey}.${encoded(claims)}.${signature}`, /not a token that its issuer has signed/);
  });

  it.each([
    [{ iss: 'https://elsewhere.example' }, /of another issuer/],
    [{ aud: 'another' }, /for another audience/],
    [{ aud: undefined }, /for another audience/],
    [{ exp: seconds() - 60 }, /has expired/],
    [{ exp: undefined }, /lacks a claim/],
    [{ nbf: seconds() + 600 }, /not valid yet/],
    [{ sub: undefined }, /lacks a claim/],
    [{ sub: '' }, /subject/],
    [{ sub: 'x'.repeat(256) }, /subject/],
    [{ sub: 'a\r\nce-actor: b' }, /subject/],
  ])('with %j is refused, and says why', async (claims, detail) => {
    await refused(await issuer.token(claims), detail);
  });

  it('may be a few seconds early or late: clocks differ', async () => {
    later(0);
    expect((await principal({ exp: seconds() - 2, nbf: seconds() + 2 })).role).toBe('librarian');
  });

  it.each(['', 'x', 'a.b.c', '..', `${'x'.repeat(9_000)}`, `${'x'.repeat(4_000)}.${'y'.repeat(4_000)}.z`])(
    'that is none (%#) is refused without asking the issuer',
    async (token) => {
      await refused(token, /cannot be used/);
      expect(issuer.keysAsked).toBe(0);
    },
  );

  it.each([
    [['librarian'], 'librarian'],
    [['member', 'librarian'], 'librarian'],
    [['something', 'member'], 'member'],
    [[], undefined],
    [undefined, undefined],
    [null, undefined],
    ['librarian', undefined],
    [{ librarian: true }, undefined],
    [['Librarian'], undefined],
    [[['librarian']], undefined],
    [7, undefined],
  ])('with the roles %j is one of a %s', async (roles, role) => {
    expect((await principal({ roles })).role).toBe(role);
  });

  it.each([
    [{ realm_access: { roles: ['librarian'] } }, 'realm_access.roles', 'librarian'],
    [{ 'https://library.example/roles': ['member'] }, 'https://library.example/roles', 'member'],
    [{ realm_access: 'librarian' }, 'realm_access.roles', undefined],
    [{}, 'constructor.name', undefined],
  ])('with %j has its roles in %s', async (claims, rolesClaim, role) => {
    expect((await principal({ roles: undefined, ...claims }, { rolesClaim })).role).toBe(role);
  });

  it.each([[7], ['nobody'], [userId.toUpperCase()], [{ id: userId }], [[userId]]])(
    'with %j for a user is no reader',
    async (claim) => {
      expect((await principal({ shelfmark_user: claim })).userId).toBeUndefined();
    },
  );
});

describe('the keys of an issuer', () => {
  it('are fetched once, and a new one works as soon as it signs', async () => {
    later(0);
    for (let n = 0; n < 3; n++) await tokens.verify(await issuer.token({ sub: `s${n}` }));
    expect(issuer.keysAsked).toBe(1);
    issuer.keys = [second, first];
    // The next one that is not known is looked for: not at once, since these were fetched a moment ago.
    await refused(await issuer.token({}, second), /no such key/);
    expect(issuer.keysAsked).toBe(1);
    later(31_000);
    expect((await tokens.verify(await issuer.token({}, second))).role).toBe('librarian');
    expect(issuer.keysAsked).toBe(2);
  });

  it('that are unknown are refused while the issuer can be asked', async () => {
    await refused(await issuer.token({}, await makeKey('never')), /no such key/);
  });

  it('go on being used while the issuer is away, and what cannot be told is not refused for ever', async () => {
    await tokens.verify(await issuer.token());
    issuer.isAway = true;
    later(24 * 3600_000);
    const tomorrow = await issuer.token({ sub: 'later' });
    expect((await tokens.verify(tomorrow)).subject).toBe('later');

    tokens = reader();
    const token = await issuer.token();
    await refused(token, /cannot be found out now/, 'IssuerUnavailable');
    const asked = issuer.keysAsked;
    await refused(token, /cannot be found out now/, 'IssuerUnavailable');
    expect(issuer.keysAsked).toBe(asked);
    issuer.isAway = false;
    later(3_000);
    expect((await tokens.verify(token)).role).toBe('librarian');
  });

  it('are asked for again soon after they could not be had, also where a wrong clock was put right meanwhile', async () => {
    later(0);
    const token = await issuer.token();
    issuer.isAway = true;
    wrongBy(3600_000);
    await refused(token, /cannot be found out now/, 'IssuerUnavailable');
    issuer.isAway = false;
    later(3_000);
    wrongBy(-3600_000);
    expect((await tokens.verify(token)).role).toBe('librarian');
  });

  it('are where the settings say, whatever the issuer calls itself there', async () => {
    tokens = reader({ issuer: 'https://issuer.example', jwksUrl: `${issuer.url}/keys` });
    expect((await tokens.verify(await issuer.token({ iss: 'https://issuer.example' }))).role).toBe('librarian');
  });

  it('are not those of an issuer that calls itself otherwise', async () => {
    tokens = reader({ issuer: `${issuer.url}/` });
    await refused(await issuer.token({ iss: `${issuer.url}/` }), /cannot be found out/, 'IssuerUnavailable');
  });
});

it('a token is not verified again for a minute, and never past its end', async () => {
  later(0);
  const token = await issuer.token({ exp: seconds() + 30 });
  const found = await tokens.verify(token);
  expect(tokens.remembered(token)).toBe(found);
  later(40_000);
  expect(tokens.remembered(token)).toBeUndefined();
  await refused(token, /has expired/);
});
