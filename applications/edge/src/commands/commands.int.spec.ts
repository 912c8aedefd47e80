import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EdgeUnderTest, type SeenCommand, type Servers, startServers } from '../testing/edge-under-test.js';
import { maxCommandsPerService } from '../http/admission.js';

const bookId = '01890a5d-ac96-774b-bcce-b302099a8057';
const userId = '01890a5d-ac96-774b-bcce-b302099a8058';
const rentId = `${bookId}.3`;
const holdId = `${bookId}.2`;

let servers: Servers;
let edge: EdgeUnderTest;
let seen: SeenCommand[] = [];
const undo: (() => Promise<void>)[] = [];

async function services(reply: (command: SeenCommand) => object | undefined): Promise<void> {
  undo.push(
    await edge.answer('shelfmark.commands.>', (command) => {
      seen.push(command);
      return reply(command);
    }),
  );
}

/** As a service answers that has done it: a created entity has the id of its command. */
const accepts = (command: SeenCommand) => ({ id: command.header('ce-id'), revision: 4, position: '123' });

beforeAll(async () => {
  servers = await startServers();
  edge = await EdgeUnderTest.start(servers);
});

afterEach(async () => {
  await Promise.all(undo.splice(0).map((stop) => stop()));
  seen = [];
});

afterAll(async () => {
  await edge?.stop();
  await servers?.stop();
});

describe('a creation', () => {
  it('answers 201 with the id, where it is, what was accepted, its tag and its position', async () => {
    await services(accepts);
    const answer = await edge.request('POST', '/books', { body: { title: ' Emma ', amount: 2 } });
    const id = seen[0]!.header('ce-id');
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({ id, title: 'Emma', amount: 2, _links: { self: { href: `/books/${id}` } } });
    expect(answer.header('location')).toBe(`/books/${id}`);
    expect(answer.header('etag')).toBe('"4"');
    expect(answer.header('shelfmark-position')).toBe('book@123');
    expect(answer.header('content-type')).toMatch(/^application\/hal\+json/);
  });

  it('sends the command as a CloudEvent, with a deadline and the ids that everything that follows bears', async () => {
    await services(accepts);
    const before = Date.now();
    const answer = await edge.request('POST', '/books', { body: { title: 'Emma', amount: 2 } });
    const { subject, header, data } = seen[0]!;
    expect(subject).toBe('shelfmark.commands.book.CreateBook');
    expect(data).toEqual({ bookId: header('ce-id'), title: 'Emma', amount: 2 });
    expect(header('ce-type')).toBe('CreateBook');
    expect(header('ce-correlationid')).toBe(answer.header('shelfmark-correlation-id'));
    expect(header('ce-actor')).toBe('librarian');
    expect(Number(header('shelfmark-deadline'))).toBeGreaterThanOrEqual(before + 5_000);
    expect(header('ce-expectedrevision')).toBe('');
  });

  it('of a user is the same under the name that an ancestor gave it', async () => {
    await services(accepts);
    const answer = await edge.request('POST', '/user/registration', {
      body: { username: 'test', email: 'test@example.com' },
    });
    expect(answer.status).toBe(201);
    expect(answer.header('location')).toBe(`/users/${answer.json.id}`);
    expect(answer.header('shelfmark-position')).toBe('user@123');
    expect(seen[0]).toMatchObject({
      subject: 'shelfmark.commands.user.RegisterUser',
      data: { userId: answer.json.id, name: 'test', email: 'test@example.com' },
    });
  });

  it('of a rent bears the id that the desk gave it, and no tag', async () => {
    await services(() => ({ id: rentId, revision: 9, position: '77' }));
    const answer = await edge.request('POST', '/rents', { body: { userId, bookId } });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ id: rentId, userId, bookId, _links: { self: { href: `/rents/${rentId}` } } });
    expect(answer.header('etag')).toBeNull();
    expect(answer.header('shelfmark-position')).toBe('rent@77');
  });
});

describe('a hold', () => {
  it('bears the id that the desk gave it, and no tag', async () => {
    await services(() => ({ id: holdId, revision: 9, position: '77' }));
    const answer = await edge.request('POST', '/holds', { body: { userId, bookId } });
    expect(seen[0]).toMatchObject({ subject: 'shelfmark.commands.rent.PlaceHold', data: { userId, bookId } });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      id: holdId,
      userId,
      bookId,
      _links: {
        self: { href: `/holds/${holdId}` },
        book: { href: `/books/${bookId}` },
        user: { href: `/users/${userId}` },
      },
    });
    expect(answer.header('location')).toBe(`/holds/${holdId}`);
    expect(answer.header('etag')).toBeNull();
    expect(answer.header('shelfmark-position')).toBe('rent@77');
  });
});

describe('a change', () => {
  it.each([
    [
      'PATCH',
      `/books/${bookId}`,
      { title: 'Emma', isbn: null },
      200,
      'book.UpdateBook',
      { bookId, title: 'Emma', isbn: null },
    ],
    ['PATCH', `/users/${userId}`, { name: 'Ann' }, 200, 'user.UpdateUser', { userId, name: 'Ann' }],
    ['DELETE', `/books/${bookId}`, undefined, 204, 'book.DeleteBook', { bookId }],
    ['DELETE', `/users/${userId}`, undefined, 204, 'user.DeleteUser', { userId }],
    ['POST', `/rents/${rentId}/return`, undefined, 200, 'rent.ReturnRent', { rentId }],
    ['POST', `/rents/${rentId}/return`, {}, 200, 'rent.ReturnRent', { rentId }],
    ['POST', `/rents/${rentId}/reopen`, undefined, 200, 'rent.ReopenRent', { rentId }],
    ['POST', `/rents/${rentId}/renewal`, undefined, 200, 'rent.RenewRent', { rentId }],
    ['POST', `/rents/${rentId}/lost`, undefined, 200, 'rent.ReportCopyLost', { rentId }],
    ['POST', `/rents/${rentId}/found`, {}, 200, 'rent.ReportCopyFound', { rentId }],
    ['DELETE', `/holds/${holdId}`, undefined, 204, 'rent.CancelHold', { holdId }],
    ['DELETE', `/rents?book_id=${bookId}&user_id=${userId}`, undefined, 204, 'rent.ReturnBook', { bookId, userId }],
  ])(
    'by %s %s is told to its owner, and answered with its position',
    async (method, path, body, status, subject, data) => {
      await services(accepts);
      const answer = await edge.request(method, path, { body });
      expect(answer.status).toBe(status);
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({ subject: `shelfmark.commands.${subject}`, data });
      expect(answer.header('shelfmark-position')).toMatch(/^(user|book|rent)@123$/);
      if (status === 200)
        expect(answer.json._links.self.href).toBe(path.replace(/\/(return|reopen|renewal|lost|found)$/, ''));
      else expect([answer.text, answer.header('etag')]).toEqual(['', null]);
    },
  );

  it('takes a merge patch', async () => {
    await services(accepts);
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect((await edge.request('PATCH', `/books/${bookId}`, { body: { year: null }, headers })).status).toBe(200);
  });

  it('with If-Match asks its owner for that revision', async () => {
    await services(accepts);
    await edge.request('PATCH', `/books/${bookId}`, { body: { amount: 1 }, headers: { 'if-match': '"7"' } });
    await edge.request('DELETE', `/books/${bookId}`, { headers: { 'if-match': '*' } });
    expect(seen.map(({ header }) => header('ce-expectedrevision'))).toEqual(['7', '']);
  });

  it('with an If-Match that cannot match is not sent', async () => {
    await services(accepts);
    const change = (path: string, tag: string) => edge.request('POST', path, { headers: { 'if-match': tag } });
    expect((await change(`/rents/${rentId}/return`, '"3"')).status).toBe(412);
    expect((await edge.request('DELETE', `/books/${bookId}`, { headers: { 'if-match': 'W/"3"' } })).status).toBe(412);
    expect((await edge.request('DELETE', `/books/${bookId}`, { headers: { 'if-match': '3' } })).status).toBe(400);
    expect(seen).toEqual([]);
  });
});

describe('an Idempotency-Key', () => {
  it('makes a repeated request the same command, with the same answer', async () => {
    await services(accepts);
    const send = () =>
      edge.request('POST', '/books', { body: { title: 'Emma', amount: 1 }, headers: { 'idempotency-key': 'key-1' } });
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(new Set(seen.map(({ header }) => header('ce-id'))).size).toBe(1);
    expect(new Set(answers.map(({ status, text, header }) => `${status} ${header('location')} ${text}`)).size).toBe(1);
  });

  it('used on two entities makes two commands', async () => {
    await services(accepts);
    const headers = { 'idempotency-key': 'key-2' };
    await edge.request('DELETE', `/books/${bookId}`, { headers });
    await edge.request('DELETE', `/books/${userId}`, { headers });
    expect(new Set(seen.map(({ header }) => header('ce-id'))).size).toBe(2);
  });

  it('that is no visible ASCII, or too long, is refused', async () => {
    await services(accepts);
    for (const key of ['x'.repeat(256), 'a b', '\u00e4']) {
      const answer = await edge.request('DELETE', `/books/${bookId}`, { headers: { 'idempotency-key': key } });
      expect(answer.json).toMatchObject({
        status: 400,
        code: 'InvalidHeader',
        errors: [{ header: 'Idempotency-Key' }],
      });
    }
    expect(seen).toEqual([]);
  });
});

describe('what a service answers', () => {
  const answerOf = async (reply: object) => {
    await services(() => reply);
    return edge.request('POST', '/rents', { body: { userId, bookId } });
  };

  it.each([
    ['UserNotFound', 404],
    ['BookNotFound', 404],
    ['AlreadyRented', 409],
    ['RentLimitReached', 409],
    ['NoCopyAvailable', 409],
    ['CopyAvailable', 409],
    ['RentNotOpen', 409],
    ['HoldNotFound', 404],
    ['InvalidIsbn', 422],
    ['SomethingNewer', 409],
  ])('as the rejection %s is a problem of status %i with that code', async (code, status) => {
    const answer = await answerOf({ rejection: { code, detail: 'because' } });
    expect(answer.status).toBe(status);
    expect(answer.header('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.json).toEqual({
      type: `/problems/${code}`,
      title: expect.stringMatching(/^[A-Z][a-z ]+$/),
      status,
      code,
      detail: 'because',
      instance: '/rents',
      correlationId: answer.header('shelfmark-correlation-id'),
    });
  });

  it.each([
    ['RevisionConflict', 412],
    ['IdempotencyKeyReused', 422],
    ['AppendTooLarge', 413],
    ['DeadlineExceeded', 503],
    ['Overloaded', 503],
    ['StoreFull', 503],
    ['StoreFailure', 503],
  ])('as the failure %s is a problem of status %i', async (name, status) => {
    const answer = await answerOf({ failure: { name, retryAfterMs: 2_500 } });
    expect(answer.json).toMatchObject({ status, code: name });
    expect(answer.header('retry-after')).toBe(status === 503 ? '3' : null);
  });

  it('as malformed points at the field', async () => {
    const answer = await answerOf({ failure: { name: 'MalformedMessage', detail: 'is odd', field: '/bookId' } });
    expect(answer.json).toMatchObject({ status: 400, errors: [{ pointer: '/bookId', detail: 'is odd' }] });
  });

  it('as anything else is ours alone', async () => {
    const answer = await answerOf({ failure: { name: 'LmdbMapFull', detail: 'MDB_MAP_FULL at /var/lib' } });
    expect(answer.json).toMatchObject({ status: 500, code: 'InternalError' });
    expect(answer.text).not.toMatch(/MDB|LmdbMapFull|var/);
  });

  it('not at all is 503 where nobody comes to be there before the deadline', async () => {
    const answer = await edge.request('DELETE', `/books/${bookId}`);
    expect(answer.json).toMatchObject({ status: 503, code: 'ServiceUnavailable' });
    expect(answer.header('retry-after')).toBe('1');
  });

  it('not in time is 503', async () => {
    await services(() => undefined);
    const answer = await edge.request('DELETE', `/books/${bookId}`);
    expect(answer.json).toMatchObject({ status: 503, code: 'NoAnswer' });
    expect(answer.header('retry-after')).toBe('1');
  });

  it('that nobody can read is as good as no answer', async () => {
    expect((await answerOf({ done: 'yes' })).json).toMatchObject({ status: 503, code: 'NoAnswer' });
  });
});

describe('more commands than can be under way', () => {
  let patient: EdgeUnderTest;

  // As many have to be under way at once as a busy machine may need some seconds for.
  beforeAll(async () => {
    patient = await EdgeUnderTest.start(servers, {}, { deadlineMs: 20_000 });
  });
  afterAll(() => patient?.stop());

  it('are turned away with when to come again, while other services, reads and health are served', async () => {
    let asked = 0;
    let isSilent = true;
    await services((command) => {
      if (command.subject.includes('.book.')) asked++;
      return isSilent && command.subject.includes('.book.') ? undefined : accepts(command);
    });
    const create = () => patient.request('POST', '/books', { body: { title: 'Emma', amount: 1 } });
    const waiting = Array.from({ length: maxCommandsPerService }, create);
    await expect.poll(() => asked).toBe(maxCommandsPerService);

    const refused = await create();
    expect(refused).toMatchObject({ status: 503, json: { code: 'Overloaded' } });
    expect(Number(refused.header('retry-after'))).toBeGreaterThanOrEqual(1);
    const user = { name: 'Ada', email: 'ada@example.org' };
    expect((await patient.request('POST', '/users', { body: user })).status).toBe(201);
    expect((await patient.request('GET', '/')).status).toBe(200);
    expect((await patient.request('GET', '/health/live')).status).not.toBe(503);

    for (const { json } of await Promise.all(waiting)) expect(json.code).toBe('NoAnswer');
    isSilent = false;
    expect((await create()).status).toBe(201);
  });
});
