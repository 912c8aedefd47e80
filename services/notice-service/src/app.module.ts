import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { RequestClient } from '@shelfmark/messaging';
import { NATS_CONNECTION, type NatsConnection, NatsModule, ReactionsModule, reactions } from '@shelfmark/service-kit';
import { Mail, smtpTransport } from './mail.js';
import { MailNotices } from './mail-notices.js';
import { People } from './people.js';
import type { Settings } from './settings.js';
import { Webhook } from './webhook.js';
import { WebhookNotices } from './webhook-notices.js';

const name = 'notice-service';

/** Tells people, by the ways that are set up; without any, it stands by. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const byWebhook = webhookProviders(settings);
    const byMail = mailProviders(settings);
    return {
      module: AppModule,
      imports: [NatsModule.forRoot({ url: settings.natsUrl, name }), ReactionsModule.forRoot({ durable: name })],
      providers: [
        {
          provide: RequestClient,
          useFactory: (connection: NatsConnection) => new RequestClient(connection, { source: `/shelfmark/${name}` }),
          inject: [NATS_CONNECTION],
        },
        People,
        ...byWebhook,
        ...byMail,
        ...reactions(...(byWebhook.length > 0 ? [WebhookNotices] : []), ...(byMail.length > 0 ? [MailNotices] : [])),
      ],
    };
  }
}

function webhookProviders({ webhookUrl, webhookSecret }: Settings): Provider[] {
  if (webhookUrl === null || webhookSecret === null) return [];
  return [{ provide: Webhook, useValue: new Webhook(webhookUrl, webhookSecret) }];
}

function mailProviders({ smtpUrl, mailFrom }: Settings): Provider[] {
  if (smtpUrl === null || mailFrom === null) return [];
  return [{ provide: Mail, useFactory: () => new Mail(smtpTransport(smtpUrl), mailFrom) }];
}
