import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactFields, redactText } from './redaction.js';

describe('fields of a log line', () => {
  it.each([
    'authorization',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'password',
    'access_token',
    'apiKey',
    'name',
    'email',
    'userName',
    'q',
    'data',
    'body',
    'payload',
  ])('are without the value of %s, at any depth', (field) => {
    const secret = 'ann-of-green-gables';
    const fields = {
      [field]: secret,
      request: { headers: { [field]: secret } },
      list: [{ [field]: { deep: secret } }],
    };
    expect(JSON.stringify(redactFields(fields))).not.toContain(secret);
  });

  it('keep ids, numbers and positions', () => {
    const fields = { userId: '0199-a', revision: 3, position: 12345678901234567890n, ok: true, nothing: null };
    expect(redactFields(fields)).toEqual({ ...fields, position: '12345678901234567890' });
  });

  it('hold no more of an error than what it is: a driver adds the row and the parameters', () => {
    const driver = Object.assign(new Error('duplicate key value violates unique constraint'), {
      code: '23505',
      detail: 'Key (email)=(ann@example.org) already exists.',
      parameters: ['Ann Shirley'],
    });
    const fields = redactFields({ err: new Error('could not write', { cause: driver }) });
    const line = JSON.stringify(fields);
    expect(line).not.toMatch(/ann@example|Shirley/);
    expect(fields['err']).toMatchObject({ message: 'could not write', cause: { code: '23505' } });
  });

  it('may lead back to themselves', () => {
    const cycle: Record<string, unknown> = { id: 1 };
    cycle['self'] = cycle;
    const cause = new Error('it is its own cause');
    cause.cause = cause;
    expect(() => JSON.stringify(redactFields({ cycle, cause }))).not.toThrow();
  });
});

describe('the text of a log line', () => {
  it('is without the credentials of a URL', () => {
    expect(redactText('connecting to nats://book:s3cr:t@10.0.0.1:4222/ and postgres://u:p@ss@db/x')).toBe(
      'connecting to nats://[redacted]@10.0.0.1:4222/ and postgres://[redacted]@db/x',
    );
  });

  it.each(['ann@example.org', 'ann.shirley+books@mail.example.org', 'jürgen@bücher.example', "o'hara@example.org"])(
    'is without the mail address %s',
    (address) => {
      expect(redactText(`no user <${address}>, "${address}".`)).not.toContain(address.slice(-12));
    },
  );

  it.each(['Shelfmark-Position: book@900', '/node_modules/@nestjs/core/index.js', '10@3', 'a @ b'])(
    'keeps %s as it is',
    (text) => {
      expect(redactText(text)).toBe(text);
    },
  );

  it('holds no address, wherever it stands', () => {
    fc.assert(
      fc.property(fc.emailAddress(), fc.string(), fc.string(), (address, before, after) => {
        const domain = address.slice(address.lastIndexOf('@'));
        expect(redactText(`${before.replaceAll('@', '')} ${address} ${after.replaceAll('@', '')}`)).not.toContain(
          domain,
        );
      }),
    );
  });

  it('is read in linear time', () => {
    // Quadratic, this would take the better part of an hour.
    expect(redactText(`${'a'.repeat(2_000_000)} @`)).toHaveLength(2_000_002);
  });
});
