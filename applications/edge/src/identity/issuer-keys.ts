import { Logger } from '@nestjs/common';
import { type JWTVerifyGetKey, createRemoteJWKSet, customFetch, errors } from 'jose';
import { Problem } from '../http/problem.js';

export interface IssuerAddress {
  readonly issuer: string;
  /** Where its keys are; `null` for where its discovery document says. */
  readonly jwksUrl: string | null;
}

/** Keys that are older are fetched anew, so that one that its issuer withdrew is not trusted for ever. */
const refreshAfterMs = 10 * 60_000;
/** A key that is not among those that were fetched so recently is not among them now. */
const unknownKeyCooldownMs = 30_000;
const fetchTimeoutMs = 5_000;
/** An issuer that did not answer is not asked again sooner, however many unknown keys are shown. */
const retryAfterMs = 2_000;

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

/**
 * The keys with which an issuer signs. What was fetched once stays of use while the issuer is away; a key that is not known is
 * looked for once more, so that a new one works as soon as it signs.
 */
export class IssuerKeys {
  readonly #logger = new Logger('IssuerKeys');
  #keys: Promise<RemoteKeys> | undefined;
  // By `performance.now()`: a clock that is put right must keep nobody from asking.
  #refreshedAt = 0;
  #failedAt = -Infinity;

  constructor(private readonly address: IssuerAddress) {}

  /**
   * Finds the key of a token.
   * @throws JWKSNoMatchingKey where the issuer has no such key; Problem IssuerUnavailable where it cannot be asked
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    try {
      const keys = await this.#known();
      this.#refresh(keys);
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      throw new Problem('IssuerUnavailable', {
        detail: 'Whether the token is valid cannot be found out now.',
        retryAfterMs,
        cause: error,
      });
    }
  };

  #known(): Promise<RemoteKeys> {
    this.#keys ??= this.#discover().catch((error: unknown) => {
      this.#keys = undefined;
      throw error;
    });
    return this.#keys;
  }

  async #discover(): Promise<RemoteKeys> {
    const url = this.address.jwksUrl ?? (await this.#discoveredUrl());
    this.#refreshedAt = performance.now();
    return createRemoteJWKSet(new URL(url), {
      timeoutDuration: fetchTimeoutMs,
      cooldownDuration: unknownKeyCooldownMs,
      // Old keys are better than none: `#refresh` sees to it that they become new ones.
      cacheMaxAge: Infinity,
      [customFetch]: (address, init) => this.#fetch(address, init),
    });
  }

  /** OpenID Connect Discovery 1.0, section 4. */
  async #discoveredUrl(): Promise<string> {
    const { issuer } = this.address;
    const response = await this.#fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(fetchTimeoutMs),
    });
    const found = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
    if (found.issuer !== issuer || typeof found.jwks_uri !== 'string') {
      throw new Error(`the discovery document is not that of ${issuer}`);
    }
    return found.jwks_uri;
  }

  #refresh(keys: RemoteKeys): void {
    if (performance.now() - this.#refreshedAt < refreshAfterMs) return;
    this.#refreshedAt = performance.now();
    // Nobody waits for it; where it fails, what is known goes on being used.
    void keys.reload().catch(() => undefined);
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    if (performance.now() - this.#failedAt < retryAfterMs) throw new Error('the issuer did not answer a moment ago');
    try {
      const response = await fetch(url, init);
      if (!response.ok) throw new Error(`the issuer answered ${response.status}`);
      return response;
    } catch (error) {
      this.#failedAt = performance.now();
      this.#logger.warn('the keys of the issuer cannot be fetched', error);
      throw error;
    }
  }
}
