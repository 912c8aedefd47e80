import { type JWTPayload, errors, jwtVerify } from 'jose';
import { uuid } from '../http/entity-id.js';
import { Problem } from '../http/problem.js';
import { type IssuerAddress, IssuerKeys } from './issuer-keys.js';
import type { Principal, Role } from './principal.js';

export interface TokenSettings extends IssuerAddress {
  readonly audience: string;
  /** The claims that hold the roles, and the reader's id: each its name, or where it is in objects, with dots. */
  readonly rolesClaim: string;
  readonly userClaim: string;
}

/** Asymmetric all: whoever can verify a token must not be able to make one. */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Clocks differ. */
const clockToleranceSeconds = 5;
const maxTokenLength = 8 * 1024;
/** A token that was verified is not verified again for so long, which is much dearer than all the rest of a read. */
const rememberedMs = 60_000;
const maxRemembered = 10_000;

/** Reads access tokens: JWTs of one issuer, for one audience. */
export class Tokens {
  readonly #keys: IssuerKeys;
  readonly #remembered = new Map<string, { readonly principal: Principal; readonly until: number }>();

  constructor(private readonly settings: TokenSettings) {
    this.#keys = new IssuerKeys(settings);
  }

  /** Whom a token was found to be of a short while ago. */
  remembered(token: string): Principal | undefined {
    const found = this.#remembered.get(token);
    if (!found) return undefined;
    if (performance.now() < found.until && Date.now() < found.principal.expiresAt) return found.principal;
    this.#remembered.delete(token);
    return undefined;
  }

  /** @throws Problem InvalidToken, or IssuerUnavailable where that cannot be found out */
  async verify(token: string): Promise<Principal> {
    if (token.length > maxTokenLength) throw invalid(`It has more than ${maxTokenLength} characters.`);
    const principal = this.#principalOf(await this.#claims(token));
    this.#remember(token, principal);
    return principal;
  }

  async #claims(token: string): Promise<JWTPayload> {
    const { issuer, audience } = this.settings;
    try {
      const { payload } = await jwtVerify(token, this.#keys.find, {
        issuer,
        audience,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['sub', 'exp'],
      });
      return payload;
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw invalid(reasonOf(error));
    }
  }

  #principalOf(claims: JWTPayload): Principal {
    const { sub, exp } = claims;
    // It goes into the metadata of events: OpenID Connect Core 1.0, section 2, bounds it like this.
    if (typeof sub !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(sub)) {
      throw invalid('Its subject is not 1 to 255 visible ASCII characters.');
    }
    const userId = claimAt(claims, this.settings.userClaim);
    return {
      subject: sub,
      role: roleIn(claimAt(claims, this.settings.rolesClaim)),
      userId: typeof userId === 'string' && uuid.test(userId) ? userId : undefined,
      expiresAt: exp! * 1000,
    };
  }

  #remember(token: string, principal: Principal): void {
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size >= maxRemembered) this.#remembered.delete(oldest!);
    this.#remembered.set(token, { principal, until: performance.now() + rememberedMs });
  }
}

/** @param reason a sentence, which is told to whoever showed the token (RFC 6750, section 3) */
function invalid(reason: string): Problem {
  return new Problem('InvalidToken', {
    detail: `The token cannot be used. ${reason}`,
    headers: { 'www-authenticate': `${challenge}, error="invalid_token", error_description="${reason}"` },
  });
}

/** What a request without a token is answered with. */
export const challenge = 'Bearer realm="shelfmark"';

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'It has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'It is of another issuer.';
    if (error.claim === 'aud') return 'It is for another audience.';
    if (error.claim === 'nbf') return 'It is not valid yet.';
    return 'It lacks a claim.';
  }
  if (error instanceof errors.JWKSNoMatchingKey) return 'Its issuer has no such key.';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'It is signed in a way that is not accepted.';
  return 'It is not a token that its issuer has signed.';
}

/** A claim by its name, which may hold dots (Auth0's are URLs), or by its place in objects, as in `realm_access.roles`. */
function claimAt(claims: JWTPayload, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name.split('.').reduce<unknown>((value, key) => {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return isObject ? (value as Record<string, unknown>)[key] : undefined;
  }, claims);
}

/** Of a claim that is no list of texts, nothing is believed. */
function roleIn(claim: unknown): Role | undefined {
  if (!Array.isArray(claim)) return undefined;
  return (['librarian', 'member'] as const).find((role) => claim.includes(role));
}
