import { readConfig } from '@shelfmark/service-kit';
import { describe, expect, it } from 'vitest';
import { halves, settingsSpec } from './settings.js';

const needed = { NATS_URL: 'nats://127.0.0.1', HEALTH_PORT: '0' };
const webhook = {
  NOTICE_WEBHOOK_URL: 'https://desk.example.org/notices',
  NOTICE_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
};
const mail = { SMTP_URL: 'smtps://desk:hunter2@mail.example.org', NOTICE_FROM: 'Library <library@example.org>' };

const read = (env: NodeJS.ProcessEnv) => readConfig(settingsSpec, { ...needed, ...env });

describe('the environment', () => {
  it('sets up nothing unless it says so', () => {
    const settings = read({});
    expect(settings).toMatchObject({ webhookUrl: null, webhookSecret: null, smtpUrl: null, mailFrom: null });
    expect(halves(settings)).toEqual([]);
  });

  it('sets up both ways', () => {
    const settings = read({ ...webhook, ...mail });
    expect(settings.webhookSecret).toEqual(Buffer.alloc(32, 7));
    expect(halves(settings)).toEqual([]);
  });

  it.each([
    ['NOTICE_WEBHOOK_URL', webhook, 'NOTICE_WEBHOOK_SECRET'],
    ['NOTICE_WEBHOOK_SECRET', webhook, 'NOTICE_WEBHOOK_URL'],
    ['SMTP_URL', mail, 'NOTICE_FROM'],
    ['NOTICE_FROM', mail, 'SMTP_URL'],
  ] as const)('says that %s alone is of no use', (alone, pair, missing) => {
    expect(halves(read({ [alone]: (pair as Record<string, string>)[alone] }))).toEqual([
      `${alone} needs ${missing} too`,
    ]);
  });

  it.each([
    ['NOTICE_WEBHOOK_SECRET', 'hunter2'],
    ['NOTICE_WEBHOOK_SECRET', 'whsec_aHVudGVyMg=='],
    ['NOTICE_WEBHOOK_URL', 'ftp://desk.example.org/hunter2'],
    ['SMTP_URL', 'http://desk:hunter2@mail.example.org'],
  ])('is refused where %s is wrong, and what it is stays unsaid', (variable, value) => {
    let message = '';
    try {
      read({ [variable]: value });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(new RegExp(`^${variable} must be `));
    expect(message).not.toMatch(/hunter2|aHVudGVyMg/);
  });

  it.each(['library', 'a@b, c@d', 'Library <library@example.org>\r\nBcc: x@y', '<a@b'])(
    'is refused where mail would be from %j',
    (value) => {
      expect(() => read({ NOTICE_FROM: value })).toThrow(/^NOTICE_FROM must be a mail address/);
    },
  );
});
