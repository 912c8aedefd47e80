import { type Server, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose';

/** A key that an issuer signs with. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function makeKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** An issuer as others run them: it is found by its discovery document, and its keys change. */
export class Issuer {
  readonly #server: Server;
  /** How often its keys were asked for. */
  keysAsked = 0;
  isAway = false;

  private constructor(public keys: readonly SigningKey[]) {
    this.#server = createServer(({ url }, response) => {
      const isKeys = url === '/keys';
      if (isKeys) this.keysAsked++;
      if (this.isAway) return void response.writeHead(500).end();
      const discovery = { issuer: this.url, jwks_uri: `${this.url}/keys` };
      const answers: Readonly<Record<string, object>> = {
        '/.well-known/openid-configuration': discovery,
        '/keys': { keys: this.keys.map(({ publicJwk }) => publicJwk) },
      };
      const answer = answers[url!];
      response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
    });
  }

  static async start(...keys: readonly SigningKey[]): Promise<Issuer> {
    const issuer = new Issuer(keys);
    await new Promise<void>((resolve) => issuer.#server.listen(0, '127.0.0.1', resolve));
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A librarian's token, but for what is said otherwise. */
  token(claims: object = {}, key = this.keys[0]!): Promise<string> {
    const inAnHour = Math.floor(Date.now() / 1000) + 3600;
    return new SignJWT({
      iss: this.url,
      aud: 'shelfmark',
      sub: 'auth0|7',
      roles: ['librarian'],
      exp: inAnHour,
      ...claims,
    })
      .setProtectedHeader({ alg: key.publicJwk.alg!, kid: key.kid })
      .sign(key.privateKey);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
