import { readConfig } from '@shelfmark/service-kit';
import { describe, expect, it } from 'vitest';
import { settingsSpec } from './settings.js';

const needed = {
  NATS_URL: 'nats://bus',
  DATABASE_URL: 'postgres://db/x',
  HEALTH_PORT: '9000',
  OIDC_ISSUER: 'https://library.eu.auth0.com/',
};
const read = (env: Record<string, string>) => readConfig(settingsSpec, { ...needed, ...env });

describe('the settings of the edge', () => {
  it('are closed unless they are opened', () => {
    expect(read({})).toMatchObject({
      host: '127.0.0.1',
      issuer: 'https://library.eu.auth0.com/',
      audience: 'shelfmark',
      jwksUrl: null,
      corsOrigins: [],
      trustedProxies: [],
      rateLimitPerSecond: 200,
    });
    expect(() => readConfig(settingsSpec, { ...needed, OIDC_ISSUER: '' })).toThrow(/OIDC_ISSUER is not set/);
  });

  it('take lists', () => {
    const { corsOrigins, trustedProxies } = read({
      CORS_ORIGINS: 'https://a.example, http://localhost:5173',
      TRUSTED_PROXIES: '10.0.0.0/8,::1',
    });
    expect(corsOrigins).toEqual(['https://a.example', 'http://localhost:5173']);
    expect(trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  });

  it.each([
    ['OIDC_ISSUER', 'http://localhost:8080/realms/library'],
    ['OIDC_ISSUER', 'http://127.0.0.1/x'],
    ['OIDC_JWKS_URL', 'http://keycloak:8080/certs'],
    ['OIDC_JWKS_URL', 'data:application/json,{}'],
  ])('take %s=%s', (variable, value) => {
    expect(() => read({ [variable]: value })).not.toThrow();
  });

  it.each([
    ['OIDC_ISSUER', 'http://issuer.example'],
    ['OIDC_ISSUER', 'issuer.example'],
    ['OIDC_ISSUER', 'http://127.0.0.1.evil.example'],
    ['OIDC_JWKS_URL', 'file:///keys'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://a.example/'],
    ['CORS_ORIGINS', 'https://a.example,null'],
    ['TRUSTED_PROXIES', 'everybody'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['RATE_LIMIT_PER_SECOND', '0'],
  ])('refuse %s=%s, and name it', (variable, value) => {
    expect(() => read({ [variable]: value })).toThrow(variable);
  });
});
