import { Logger } from '@nestjs/common';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import {
  type Accepted,
  type ContractSchema,
  SchemaValidator,
  UnknownCommand,
  UnknownEvent,
} from '@shelfmark/event-sourcing';
import { type Failure, type IncomingRequest, type RequestServer, serveRequests } from '@shelfmark/messaging';
import { isObservable, lastValueFrom } from 'rxjs';
import { withCorrelation } from './correlation.js';
import { failureOf } from './failure.js';
import type { NatsConnection } from './nats.module.js';
import { countRefusal, observeRequest } from './observation.js';

export interface RequestTransportOptions {
  readonly connection: NatsConnection;
  /** The service's queue group: of its processes, one gets each request. */
  readonly queue: string;
  /** The contract: it has a type for every command and query, by its name. */
  readonly schema: ContractSchema;
  /** Where commands go whose senders do not wait for their answers. */
  readonly commandQueue?: {
    /** The service's word in their subjects. */
    readonly service: string;
    accept(command: IncomingRequest): Promise<Accepted>;
  };
}

/**
 * Nest's transport for commands and queries over NATS. A controller's message pattern is a subject, one subscription each:
 *
 *     @MessagePattern('shelfmark.commands.book.*')
 *     handle(@Payload() command: IncomingRequest) {
 *       return this.commands.handle(book, command);
 *     }
 *
 * What reaches it is valid by the contract; what it returns is the reply, positions in decimal. An error that the caller
 * can do something about is answered by its name, any other one as `InternalError`, and logged.
 */
export class RequestTransport extends Server implements CustomTransportStrategy {
  protected override readonly logger = new Logger(RequestTransport.name);
  readonly #connection: NatsConnection;
  readonly #queue: string;
  readonly #validator: SchemaValidator;
  readonly #commandQueue: RequestTransportOptions['commandQueue'];
  #servers: readonly RequestServer[] = [];

  constructor({ connection, queue, schema, commandQueue }: RequestTransportOptions) {
    super();
    this.#connection = connection;
    this.#queue = queue;
    this.#validator = new SchemaValidator(schema);
    this.#commandQueue = commandQueue;
  }

  listen(callback: (error?: unknown) => void): void {
    this.#servers = [...this.messageHandlers].map(([subject, handler]) =>
      serveRequests(this.#connection, {
        subject,
        queue: this.#queue,
        handle: (request) =>
          observeRequest(this.#validator.has(request.type) ? request.type : 'unknown', request, (observed) =>
            withCorrelation(observed.correlationId, () => this.#answer(observed, handler), observed.traceparent),
          ),
        onRefusal: countRefusal,
        onError: (error, request) => {
          withCorrelation(request.correlationId, () => {
            this.logger.error('a request failed', error, { subject: request.subject, requestId: request.id });
          });
        },
      }),
    );
    callback();
  }

  /** Takes nothing new, and resolves when what is under way has been answered. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.drain()));
  }

  // Nest offers events of the client library and the client itself through these; ours is injected as NATS_CONNECTION.
  on(): void {}

  unwrap<T>(): T {
    return this.#connection as T;
  }

  async #answer(request: IncomingRequest, handler: MessageHandler): Promise<object> {
    const invalid = this.#invalid(request);
    if (invalid) return { failure: invalid };
    try {
      if (request.respondAsync) return withDecimalPosition(await this.#enqueue(request));
      const result = (await handler(request)) as object;
      return withDecimalPosition(isObservable(result) ? ((await lastValueFrom(result)) as object) : result);
    } catch (error) {
      const failure = failureOf(error);
      if (!failure) throw error;
      // Loudly: as long as a newer version runs beside this one it answers instead, but without one nobody does.
      if (error instanceof UnknownEvent) this.logger.error('an event of a newer version', error);
      return { failure };
    }
  }

  /** Only what its controller would get in the end: a queue takes no queries, and no commands about operations. */
  #enqueue(request: IncomingRequest): Promise<Accepted> {
    const queue = this.#commandQueue;
    const isTaken = queue && request.subject === `shelfmark.commands.${queue.service}.${request.type}`;
    if (!isTaken) throw new UnknownCommand(request.subject, request.type);
    return queue.accept(request);
  }

  #invalid({ type, data }: IncomingRequest): Failure | undefined {
    if (!this.#validator.has(type)) return { name: 'UnknownMessage' };
    const [fault] = this.#validator.validate(type, data);
    return fault && { name: 'MalformedMessage', detail: fault.message, field: fault.pointer };
  }
}

/** Positions pass what a JSON number can hold. */
function withDecimalPosition(reply: object): object {
  return 'position' in reply && typeof reply.position === 'bigint'
    ? { ...reply, position: String(reply.position) }
    : reply;
}
