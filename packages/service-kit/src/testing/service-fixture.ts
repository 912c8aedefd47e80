import { Controller, Inject, Module } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type EventStore, RevisionConflict, UnknownCommand } from '@shelfmark/event-sourcing';
import type { IncomingRequest } from '@shelfmark/messaging';
import { correlationId } from '../correlation.js';
import { EVENT_STORE, EventStoreModule } from '../event-store.module.js';
import { NATS_CONNECTION, NatsModule } from '../nats.module.js';
import { runProcess } from '../process.js';
import { RelayModule } from '../relay.module.js';
import { RequestTransport } from '../request-transport.js';

/** A service for the tests of its modules; it does what it is asked to, and its parent tells it over IPC when to go on. */

const nothing = { type: 'object', additionalProperties: false };

const schema = {
  definitions: {
    StampCard: {
      type: 'object',
      additionalProperties: false,
      required: ['card'],
      properties: { card: { type: 'string', minLength: 1 } },
    },
    ReportStale: nothing,
    BreakDown: nothing,
    WaitForParent: nothing,
    CardStamped: nothing,
    GetOpeningHours: nothing,
  },
};

@Controller()
class DeskController {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  @MessagePattern('shelfmark.commands.desk.*')
  async handle(@Payload() command: IncomingRequest): Promise<object> {
    switch (command.type) {
      case 'StampCard':
        return this.#stamp(command);
      case 'ReportStale':
        throw new RevisionConflict('Desk-1', 2, 3);
      case 'BreakDown':
        throw new Error('postgres://desk:hunter2@db says that ann@example.org is no card');
      case 'WaitForParent': {
        const go = new Promise((resolve) => process.once('message', resolve));
        process.send?.('waiting');
        await go;
        return { id: command.id, revision: 0 };
      }
      default:
        throw new UnknownCommand('Desk', command.type);
    }
  }

  @MessagePattern('shelfmark.queries.desk.*')
  async answer(): Promise<object> {
    return { opensAt: '09:00', correlationId: correlationId() };
  }

  async #stamp({ id, correlationId, causationId, data }: IncomingRequest): Promise<object> {
    const metadata = {
      commandId: id,
      commandHash: 'hash',
      correlationId,
      causationId,
      time: new Date().toISOString(),
      schemaVersion: 1,
    };
    const events = [{ id, type: 'CardStamped', data, metadata }];
    const [appended] = await this.store.append([{ stream: `Card-${id}`, expected: 'none', events }]);
    return { id, revision: appended!.revision, position: appended!.position };
  }
}

const url = process.env['NATS_URL']!;

@Module({
  imports: [
    NatsModule.forRoot({ url, name: 'desk-service' }),
    EventStoreModule.forRoot({
      eventStore: process.env['EVENT_STORE'] ?? 'embedded',
      directory: process.env['DATA_DIR']!,
      service: 'desk',
    }),
    RelayModule.forRoot({ service: 'desk' }),
  ],
  controllers: [DeskController],
})
class DeskModule {}

await runProcess({
  name: 'desk-service',
  module: DeskModule,
  listen: { host: '127.0.0.1', port: 0 },
  logLevel: 'info',
  microservice: (app) => new RequestTransport({ connection: app.get(NATS_CONNECTION), queue: 'desk-service', schema }),
});
