import 'reflect-metadata';
import type { IncomingHttpHeaders, ServerOptions } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy, NestMicroservice } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { type ListenAddress, serveBootHealth } from './boot-health.js';
import { correlationIdOf, withCorrelation } from './correlation.js';
import { HealthModule, type ProcessState } from './health.js';
import { type LogLevel, NestLogger, createLogger } from './logging.js';
import { Metrics, MetricsModule, measureProcess, serveMetrics } from './metrics.js';
import { PassErrorsOn } from './pass-errors-on.js';
import { startTracing } from './tracing.js';

type FastifyOptions = Exclude<ConstructorParameters<typeof FastifyAdapter>[0], { server: unknown } | undefined>;

export interface ProcessOptions {
  /** The process's name in its logs, such as `book-service`. */
  readonly name: string;
  readonly module: Type<unknown> | DynamicModule;
  /** Where HTTP is served: `/health/live`, `/health/ready` and the routes of the module's controllers. */
  readonly listen: ListenAddress;
  /** Where `/metrics` is served if `listen` is a public address; otherwise it is one more route there. */
  readonly metrics?: ListenAddress;
  readonly logLevel: LogLevel;
  /**
   * How long HTTP goes on to take what comes once readiness is off, in milliseconds: whoever spreads requests over several
   * processes needs a moment to notice. None by default.
   */
  readonly drainGraceMs?: number;
  /** Fastify's own options: body limit, timeouts and the like. */
  readonly fastify?: Omit<FastifyOptions, 'genReqId' | 'logger'> & { readonly http?: ServerOptions };
  /** Makes the transport of the module's message patterns; it listens once HTTP does. */
  readonly microservice?: (app: NestFastifyApplication) => CustomTransportStrategy;
  /** Called before the routes are made: for hooks, parsers and filters. `request.id` is the correlation id. */
  readonly configureHttp?: (app: NestFastifyApplication) => void | Promise<void>;
}

/** What is under way gets so long to finish; then the process ends without it. */
const drainDeadlineMs = 10_000;

/** What is recorded of traces gets so long to be sent. */
const lastSpansMs = 1_000;

/** How a process ends; numbers above 64 as in sysexits.h. */
const exitCode = { drained: 0, notDrained: 1, failed: 70 } as const;

/**
 * Runs a Nest application as a process: starts it, serves it, and ends the process when it is told to (SIGTERM, SIGINT, or
 * the supervisor that started it is gone) or when it fails. Resolves when everything is served.
 *
 * The end goes in this order, and each of a module's hooks has one use:
 *
 * 1. Readiness goes off, and each answer closes its connection. After the grace, HTTP and the transport take nothing new and
 *    answer what they have begun.
 * 2. `onModuleDestroy`: whatever works of its own accord stops (relay, reactions, projector). It still has its
 *    connections and its store.
 * 3. `beforeApplicationShutdown`: connections close (NATS, Postgres).
 * 4. `onApplicationShutdown`: the event store closes; nobody is left who could append.
 */
export async function runProcess(options: ProcessOptions): Promise<void> {
  const logger = createLogger(options.name, options.logLevel);
  const state: ProcessState = { phase: 'starting' };
  let drain: (() => Promise<void>) | undefined;

  // Whatever went wrong, the memory can no longer be trusted: the supervisor starts the process anew, from the disk.
  const fail = (error: unknown, message: string): never => {
    logger.fatal({ err: error }, message);
    process.exit(exitCode.failed);
  };
  process.on('uncaughtException', (error) => fail(error, 'uncaught exception'));
  process.on('unhandledRejection', (error) => fail(error, 'unhandled rejection'));

  const stop = (reason: string): void => {
    // A terminal sends its signal to the whole group and npm passes it on, so the same wish comes twice.
    if (state.phase === 'draining') return;
    const started = state.phase === 'running';
    state.phase = 'draining';
    logger.info({ reason }, 'stopping');
    // A boot may wait for the broker for ever, and has promised nothing to anybody yet.
    if (!started || !drain) process.exit(exitCode.drained);
    setTimeout(
      () => {
        logger.fatal({ deadlineMs: drainDeadlineMs }, 'did not stop in time');
        process.exit(exitCode.notDrained);
      },
      (options.drainGraceMs ?? 0) + drainDeadlineMs,
    ).unref();
    drain().then(
      () => {
        logger.info('stopped');
        process.exit(exitCode.drained);
      },
      (error: unknown) => fail(error, 'could not stop in order'),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  if (process.env['SHELFMARK_SUPERVISED'] === '1') {
    process.on('disconnect', () => stop('the supervisor is gone'));
    if (!process.connected) stop('the supervisor is gone');
  }

  try {
    drain = await start(options, state, logger);
  } catch (error) {
    fail(error, 'could not start');
  }
}

/** @returns how to stop in order what was started */
async function start(options: ProcessOptions, state: ProcessState, logger: Logger): Promise<() => Promise<void>> {
  const stopTracing = await startTracing(options.name, logger);
  measureProcess();
  const bootHealth = await serveBootHealth(options.listen);
  logger.info({ host: options.listen.host, port: bootHealth.port }, 'starting');
  const adapter = new FastifyAdapter({
    forceCloseConnections: 'idle',
    ...options.fastify,
    requestIdHeader: false,
    genReqId: ({ headers }: { headers: IncomingHttpHeaders }) => correlationIdOf(headers),
  });
  const app = await NestFactory.create<NestFastifyApplication>(processModule(options, state), adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  carryCorrelationIds(app);
  closeConnectionsWhileDraining(app, state);
  await options.configureHttp?.(app);
  const transport = options.microservice?.(app);
  if (transport) connect(app, transport);
  await app.init();
  await bootHealth.close();
  await app.listen(bootHealth.port, options.listen.host);
  await app.startAllMicroservices();
  const metrics = options.metrics && (await serveMetrics(options.metrics, app.get(Metrics, { strict: false })));
  state.phase = 'running';
  logger.info({ url: await app.getUrl(), ...(metrics && { metricsPort: metrics.port }) }, 'ready');

  return async () => {
    await sleep(options.drainGraceMs ?? 0);
    // Nest would run its hooks first and close these two afterwards, when what they answer with is gone.
    await Promise.all([adapter.close(), transport?.close()]);
    await app.close();
    metrics?.close();
    // The last spans are of what was just finished. A collector that is away must not keep the process.
    await Promise.race([stopTracing().catch(() => undefined), sleep(lastSpansMs, undefined, { ref: false })]);
  };
}

function processModule({ module, name, metrics }: ProcessOptions, state: ProcessState): DynamicModule {
  const imports = [
    module,
    HealthModule.forRoot(state),
    MetricsModule.forRoot({ name, isServed: metrics === undefined }),
  ];
  return { module: ProcessModule, imports };
}

@Module({})
class ProcessModule {}

function carryCorrelationIds(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, _reply, done) => withCorrelation(request.id, done));
}

/** A connection whose request was under way would stay open after the answer, idle, and the process with it. */
function closeConnectionsWhileDraining(app: NestFastifyApplication, state: ProcessState): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (_request, reply, _payload, done) => {
      if (state.phase === 'draining') reply.header('connection', 'close');
      done();
    });
}

function connect(app: NestFastifyApplication, strategy: CustomTransportStrategy): void {
  // Filters come before the listeners, hence the deferral; but the hooks are the application's, and it calls them.
  const microservice = app.connectMicroservice({ strategy }, { deferInitialization: true }) as NestMicroservice;
  microservice.setIsInitHookCalled(true);
  microservice.useGlobalFilters(new PassErrorsOn());
}
