import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  backupOptions,
  readOptions,
  startOptions,
  statusOptions,
  storeOptions,
  tokenOptions,
  viewsOptions,
  // @ts-expect-error Plain JavaScript, because it runs before anything is built.
} from '../options.mjs';

beforeEach(() => void vi.stubEnv('INIT_CWD', '/where/the/user/stood'));
afterEach(() => void vi.unstubAllEnvs());

it('has defaults for everything', () => {
  const defaults = { help: false, port: 3000, data: '/project/.shelfmark', empty: false, eventStore: 'embedded' };
  expect(startOptions.parse([], '/project')).toEqual(defaults);
  expect(statusOptions.parse([], '/project')).toEqual({ help: false, data: '/project/.shelfmark' });
});

it('takes what it is given, and a relative folder from where the user stood', () => {
  const args = [
    '--port',
    '8080',
    '--data=here',
    '--empty',
    '--event-store=kurrentdb://u:p@a:2113,b:2113?tls=false',
    '--nats-url',
    'nats://u:p@bus',
    '--database-url',
    'postgres://db/x',
  ];
  expect(startOptions.parse(args, '/project')).toEqual({
    help: false,
    port: 8080,
    data: '/where/the/user/stood/here',
    empty: true,
    eventStore: 'kurrentdb://u:p@a:2113,b:2113?tls=false',
    natsUrl: 'nats://u:p@bus',
    databaseUrl: 'postgres://db/x',
  });
});

it.each([
  [['--prot', '1'], /'--prot'/],
  [['--port'], /'--port <value>' argument missing/],
  [['--port', 'http'], /--port takes a number.*"http"/],
  [['--port', '0'], /--port takes/],
  [['--port', '65536'], /--port takes/],
  [['--port', '80e0'], /--port takes/],
  [['--data', ''], /--data takes/],
  [['--empty=yes'], /'--empty' does not take an argument/],
  [['--nats-url', 'http://bus'], /--nats-url takes a URL/],
  [['--nats-url', 'bus:4222'], /--nats-url takes a URL/],
  [['--database-url', 'mysql://db'], /--database-url takes a URL/],
  [['--event-store', 'postgres://db'], /--event-store takes embedded, dev-server/],
  [['--event-store', ''], /--event-store takes embedded, dev-server/],
])('refuses %j and says what is wrong', (args, message) => {
  expect(() => startOptions.parse(args, '/project')).toThrow(message);
});

it.each([
  [['--nats-url', 'http://u:secret@bus']],
  [['--event-store', 'kurrent:u:secret@db']],
  [['postgres://u:secret@db']],
  [['--database-ulr=postgres://u:secret@db']],
])('repeats no password in the message about %j', (args) => {
  const exits: unknown[] = [];
  const fail = (message: string, code: number) => exits.push({ message, code });
  expect(() => readOptions(startOptions, args, '/project', fail)).toThrow();
  expect(exits).toEqual([{ message: expect.not.stringContaining('secret'), code: 2 }]);
});

it.each([
  [['status'], { data: '/project/.shelfmark', args: ['status'] }],
  [['rebuild', 'books', '--data', 'here'], { data: '/where/the/user/stood/here', args: ['rebuild', 'books'] }],
  [
    ['--data=here', 'dead-letters', '--show', 'x'],
    { data: '/where/the/user/stood/here', args: ['dead-letters', '--show', 'x'] },
  ],
])('takes --data out of the views command %j, and nothing else', (args, expected) => {
  expect(viewsOptions.parse(args, '/project')).toEqual(expected);
});

it('refuses a views command whose --data has no folder', () => {
  expect(() => viewsOptions.parse(['status', '--data'], '/project')).toThrow(/--data takes/);
});

it('makes tokens for a role, and perhaps a reader', () => {
  const user = '01890a5d-ac96-774b-bcce-b302099a8057';
  const member = { help: false, role: 'member', user, data: '/where/the/user/stood/here' };
  expect(tokenOptions.parse(['--role', 'member', '--user', user, '--data', 'here'], '/project')).toEqual(member);
  const librarian = { help: false, role: 'librarian', data: '/project/.shelfmark' };
  expect(tokenOptions.parse(['--role=librarian'], '/project')).toEqual(librarian);
  expect(() => tokenOptions.parse([], '/project')).toThrow(/--role takes librarian or member/);
  expect(() => tokenOptions.parse(['--role', 'admin'], '/project')).toThrow(/--role takes/);
  expect(() => tokenOptions.parse(['--role', 'member', '--user', 'ada'], '/project')).toThrow(/--user takes/);
  expect(() => tokenOptions.parse(['--role', 'member', '--data', ''], '/project')).toThrow(/--data takes/);
});

it('backs up the library of the project unless told otherwise, and restores only where it is told', () => {
  expect(backupOptions('backup').parse(['there'], '/project')).toEqual({
    help: false,
    backup: '/where/the/user/stood/there',
    data: '/project/.shelfmark',
  });
  expect(backupOptions('restore').parse(['there', '--data', 'new'], '/project')).toMatchObject({
    data: '/where/the/user/stood/new',
  });
  expect(() => backupOptions('restore').parse(['there'], '/project')).toThrow(/--data says where/);
  expect(() => backupOptions('backup').parse([], '/project')).toThrow(/one folder/);
  expect(() => backupOptions('backup').parse(['one', 'two'], '/project')).toThrow(/one folder/);
});

it.each([
  [
    ['copy', '--to', 'kurrentdb://u:p@host'],
    { command: 'copy', from: '/project/.shelfmark', to: 'kurrentdb://u:p@host' },
  ],
  [
    ['copy', 'there', '--to=kdb://host', '--log', 'other.book'],
    { command: 'copy', from: '/where/the/user/stood/there', to: 'kdb://host', log: 'other.book' },
  ],
  [
    ['renew-log-id', 'kurrentdb://host', 'shelfmark.book'],
    { command: 'renew-log-id', server: 'kurrentdb://host', log: 'shelfmark.book' },
  ],
  [['verify', 'DIR'], { command: 'other', args: ['verify', 'DIR'] }],
])('reads the store command %j', (args, expected) => {
  expect(storeOptions.parse(args, '/project')).toEqual(expected);
});

it.each([
  [[], /What is to be done/],
  [['copy'], /copy needs --to/],
  [['copy', 'a', 'b', '--to', 'kdb://host'], /copy takes one folder/],
  [['copy', '--to', 'secret@host'], /^--to takes kurrentdb:\/\/[^]*\?options\]$/],
  [['copy', '--form', 'kdb://host'], /'--form'/],
  [['renew-log-id', 'kdb://host'], /takes a connection string and the name/],
])('refuses the store command %j', (args, message) => {
  expect(() => storeOptions.parse(args, '/project')).toThrow(message);
});
