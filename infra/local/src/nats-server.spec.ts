import { expect, it } from 'vitest';
import { newestUsable, parseNatsVersion, whyRefused } from './nats-server.js';

it.each([
  ['nats-server: v2.9.10', [2, 9, 10]],
  ['nats-server: v2.11.0-RC.1', [2, 11, 0]],
  ['2.9.10-1+b3', [2, 9, 10]],
  ['nats-server: (devel)', undefined],
])('reads the version in "%s"', (text, version) => {
  expect(parseNatsVersion(text)).toEqual(version);
});

it.each(['2.9.0', '2.9.10', '2.10.19', '2.10.23', '2.11.20', '3.0.0'])('takes %s', (text) => {
  expect(whyRefused(parseNatsVersion(text)!)).toBeUndefined();
});

it.each([
  ['2.8.4', /older than 2\.9/],
  ['1.4.1', /older than 2\.9/],
  ['2.10.20', /lose streams/],
  ['2.10.21', /lose streams/],
  ['2.10.22', /lose streams/],
])('refuses %s', (text, reason) => {
  expect(whyRefused(parseNatsVersion(text)!)).toMatch(reason);
});

it('chooses the newest package that may be used, by number and not by spelling', () => {
  const madison = `
 nats-server | 2.10.21-1~bpo12+1 | http://deb.debian.org/debian bookworm-backports/main amd64 Packages
 nats-server | 2.9.10-1+b3 | http://deb.debian.org/debian bookworm/main amd64 Packages
 nats-server | 2.9.9-1 | http://deb.debian.org/debian bookworm/main amd64 Packages
`;
  expect(newestUsable(madison)).toEqual({ packageVersion: '2.9.10-1+b3', version: [2, 9, 10] });
});

it('finds no package in an empty list', () => {
  expect(newestUsable('')).toBeUndefined();
});
