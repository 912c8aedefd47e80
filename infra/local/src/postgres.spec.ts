import { expect, it } from 'vitest';
import { parsePostgresVersion } from './postgres.js';

it.each([
  ['postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)', { version: '15.13', major: 15 }],
  ['postgres (PostgreSQL) 18.4', { version: '18.4', major: 18 }],
  ['postgres (PostgreSQL) 19beta1', { version: '19beta1', major: 19 }],
  ['psql 15', undefined],
])('reads the version in "%s"', (text, version) => {
  expect(parsePostgresVersion(text)).toEqual(version);
});
