import { isIP } from 'node:net';
import {
  type Config,
  type Setting,
  choice,
  healthSettings,
  integer,
  logLevels,
  optional,
  port,
  text,
  timeZone,
  url,
} from '@shelfmark/service-kit';

/** What the edge is told by its environment. */
export const settingsSpec = {
  natsUrl: url('NATS_URL', { protocols: ['nats', 'tls'], secret: true }),
  databaseUrl: url('DATABASE_URL', { protocols: ['postgres', 'postgresql'], secret: true }),
  host: text('HOST', { default: '127.0.0.1' }),
  port: port('PORT', { default: 3000 }),
  ...healthSettings,
  timeZone: timeZone('LIBRARY_TIME_ZONE', { default: 'UTC' }),
  drainGraceMs: integer('DRAIN_GRACE_MS', { min: 0, max: 60_000, default: 0 }),
  logLevel: choice('LOG_LEVEL', logLevels, { default: 'info' }),
  issuer: urlOfIssuer('OIDC_ISSUER'),
  audience: text('OIDC_AUDIENCE', { default: 'shelfmark' }),
  jwksUrl: optional(urlOfKeys('OIDC_JWKS_URL')),
  rolesClaim: text('OIDC_ROLES_CLAIM', { default: 'roles' }),
  userClaim: text('OIDC_USER_CLAIM', { default: 'shelfmark_user' }),
  corsOrigins: list('CORS_ORIGINS', isOrigin, 'must be origins such as https://library.example.org'),
  trustedProxies: list('TRUSTED_PROXIES', isAddressOrNetwork, 'must be IP addresses, or networks such as 10.0.0.0/8'),
  rateLimitPerSecond: integer('RATE_LIMIT_PER_SECOND', { min: 1, max: 1_000_000, default: 200 }),
};

export type Settings = Config<typeof settingsSpec>;

/** Who could read along could change the keys on their way: only this machine talks to itself without TLS. */
function urlOfIssuer(variable: string): Setting<string> {
  return {
    variable,
    secret: false,
    fallback: undefined,
    parse: (value) => {
      const { protocol, hostname } = URL.canParse(value) ? new URL(value) : {};
      const isHere = protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname!);
      return protocol === 'https:' || isHere ? { value } : { mistake: 'must be a URL that starts with https://' };
    },
  };
}

/** A `data:` URL holds the keys themselves. Plain http is for an issuer within the same network. */
function urlOfKeys(variable: string): Setting<string> {
  return {
    variable,
    secret: false,
    fallback: undefined,
    parse: (value) =>
      URL.canParse(value) && ['https:', 'http:', 'data:'].includes(new URL(value).protocol)
        ? { value }
        : { mistake: 'must be a URL that starts with https://, http:// or data:' },
  };
}

/** Values with commas between; none unless said. */
function list(variable: string, isOne: (value: string) => boolean, mistake: string): Setting<readonly string[]> {
  return {
    variable,
    secret: false,
    fallback: [],
    parse: (text) => {
      const value = text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
      return value.every(isOne) ? { value } : { mistake };
    },
  };
}

function isOrigin(value: string): boolean {
  return /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

function isAddressOrNetwork(value: string): boolean {
  const [address, bits = '0', ...rest] = value.split('/');
  const most = isIP(address!) === 4 ? 32 : 128;
  return isIP(address!) > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most && rest.length === 0;
}
