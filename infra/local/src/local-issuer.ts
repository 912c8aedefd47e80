import { type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type JWK, SignJWT, calculateJwkThumbprint } from 'jose';
import { makePrivateDirectory, readOrMakeSecret } from './private-files.js';

/** Whom a token is for. */
export interface Bearer {
  readonly role: 'librarian' | 'member';
  /** The id of the reader that they are. */
  readonly user?: string;
}

/** Nobody serves anything there: the keys are told to the edge, and not asked for. */
const issuer = 'http://localhost/shelfmark';
const audience = 'shelfmark';
const algorithm = 'ES256';
const lifetimeSeconds = 12 * 3600;

/** There is no local issuer, said in a sentence. */
export class NoLocalIssuer extends Error {
  override readonly name = 'NoLocalIssuer';
  constructor(readonly data: string) {
    super(
      `There is no library in ${data} that has its own sign-in: npm start makes one, where OIDC_ISSUER is not set.`,
    );
  }
}

/**
 * What the edge is told of who signs tokens: the issuer in this process's environment where it names one, else one that comes with the
 * data folder. That one's keys travel in a `data:` URL, so that there is no other process that could be away, and none that listens.
 */
export async function issuerEnvironment(data: string): Promise<Readonly<Record<string, string>>> {
  if (hasOtherIssuer()) return {};
  const { publicJwk } = await keyOf(data);
  const jwks = JSON.stringify({ keys: [publicJwk] });
  return {
    OIDC_ISSUER: issuer,
    OIDC_AUDIENCE: audience,
    OIDC_JWKS_URL: `data:application/json,${encodeURIComponent(jwks)}`,
    OIDC_ROLES_CLAIM: 'roles',
    OIDC_USER_CLAIM: 'shelfmark_user',
  };
}

/** Whether the environment names an issuer that is not ours. */
export function hasOtherIssuer(): boolean {
  return (process.env['OIDC_ISSUER'] ?? '') !== '';
}

/**
 * A token of the local issuer, good for twelve hours. Whoever may read the data folder may make one, whether the system runs or not.
 * @throws NoLocalIssuer where the folder has none
 */
export async function tokenFor(data: string, { role, user }: Bearer): Promise<string> {
  if (!existsSync(keyFile(data))) throw new NoLocalIssuer(data);
  const { privateKey, publicJwk } = await keyOf(data);
  return new SignJWT({ roles: [role], ...(user !== undefined && { shelfmark_user: user }) })
    .setProtectedHeader({ alg: algorithm, kid: publicJwk.kid!, typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(user ?? role)
    .setIssuedAt()
    .setExpirationTime(`${lifetimeSeconds} s`)
    .sign(privateKey);
}

/**
 * The token with which a program of ours does a librarian's work.
 * @returns that in SHELFMARK_TOKEN, else one of the local issuer; nothing where there is neither
 */
export async function librarianToken(data: string): Promise<string | undefined> {
  const given = process.env['SHELFMARK_TOKEN'];
  if (given !== undefined && given !== '') return given;
  return existsSync(keyFile(data)) && !hasOtherIssuer() ? tokenFor(data, { role: 'librarian' }) : undefined;
}

function keyFile(data: string): string {
  return join(data, 'issuer', 'key.json');
}

async function keyOf(data: string): Promise<{ privateKey: KeyObject; publicJwk: JWK }> {
  makePrivateDirectory(join(data, 'issuer'));
  const jwk = JSON.parse(readOrMakeSecret(keyFile(data), makeKey)) as JWK & { kty: 'EC' };
  const { d: _, ...publicPart } = jwk;
  const publicJwk = { ...publicPart, kid: await calculateJwkThumbprint(publicPart), alg: algorithm, use: 'sig' };
  return { privateKey: createPrivateKey({ key: { ...jwk }, format: 'jwk' }), publicJwk };
}

function makeKey(): string {
  return JSON.stringify(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }));
}
