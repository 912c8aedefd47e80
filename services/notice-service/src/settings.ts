import { type Config, type Setting, choice, healthSettings, logLevels, optional, url } from '@shelfmark/service-kit';

/** What the service is told by its environment. Neither way of telling people is on unless it is set up. */
export const settingsSpec = {
  natsUrl: url('NATS_URL', { protocols: ['nats', 'tls'], secret: true }),
  ...healthSettings,
  logLevel: choice('LOG_LEVEL', logLevels, { default: 'info' }),
  webhookUrl: optional(url('NOTICE_WEBHOOK_URL', { protocols: ['https', 'http'], secret: true })),
  webhookSecret: optional(webhookSecret('NOTICE_WEBHOOK_SECRET')),
  smtpUrl: optional(url('SMTP_URL', { protocols: ['smtp', 'smtps'], secret: true })),
  mailFrom: optional(mailAddress('NOTICE_FROM')),
};

export type Settings = Config<typeof settingsSpec>;

/** What is set up by halves. */
export function halves({ webhookUrl, webhookSecret, smtpUrl, mailFrom }: Settings): readonly string[] {
  return [
    ...(webhookUrl !== null && webhookSecret === null ? ['NOTICE_WEBHOOK_URL needs NOTICE_WEBHOOK_SECRET too'] : []),
    ...(webhookUrl === null && webhookSecret !== null ? ['NOTICE_WEBHOOK_SECRET needs NOTICE_WEBHOOK_URL too'] : []),
    ...(smtpUrl !== null && mailFrom === null ? ['SMTP_URL needs NOTICE_FROM too'] : []),
    ...(smtpUrl === null && mailFrom !== null ? ['NOTICE_FROM needs SMTP_URL too'] : []),
  ];
}

/** A key as Standard Webhooks writes it: `whsec_`, and 24 to 64 bytes in base64. */
function webhookSecret(variable: string): Setting<Buffer> {
  return {
    variable,
    secret: true,
    fallback: undefined,
    parse: (text) => {
      const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
      const value = Buffer.from(base64 ?? '', 'base64');
      return value.length >= 24 && value.length <= 64
        ? { value }
        : { mistake: 'must be whsec_ and 24 to 64 bytes in base64' };
    },
  };
}

/** An address, with a name before it or without. */
function mailAddress(variable: string): Setting<string> {
  return {
    variable,
    secret: false,
    fallback: undefined,
    parse: (value) =>
      /^(?:[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(value)
        ? { value }
        : { mistake: 'must be a mail address, such as Library <library@example.org>' },
  };
}
