import { createServer } from 'node:http';
import { once } from 'node:events';
import { Controller, type DynamicModule, Get, Inject, Injectable, Module, Res } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Gauge as PrometheusGauge, Registry, collectDefaultMetrics, register } from 'prom-client';
import type { ListenAddress } from './boot-health.js';

/** A value, or one for each combination of labels. Labels hold words of the code, and never what somebody sent. */
export type Samples = number | readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];

/** A metric whose value is looked up when somebody asks for it. */
export interface Gauge {
  /** As Prometheus names things: `shelfmark_` first, the unit last. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** What it throws means that the value is not known now. */
  read(): Samples | Promise<Samples>;
}

/** Token of a `Gauge[]`. As with `HEALTH_CHECKS`, every module may provide one of its own. */
export const GAUGES = Symbol('GAUGES');

/** Token of a `Registry[]`: counters and histograms that stand beside the code that counts, other than in prom-client's own. */
export const REGISTRIES = Symbol('REGISTRIES');

const PROCESS_NAME = Symbol('PROCESS_NAME');

/** The event loop is looked at so often; more often would cost more than it tells. */
const eventLoopLookMs = 50;

/** All that the process measures, in Prometheus' text format. */
@Injectable()
export class Metrics {
  readonly contentType = register.contentType;
  #registries: readonly Registry[] | undefined;

  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(PROCESS_NAME) private readonly name: string,
  ) {}

  async text(): Promise<string> {
    this.#registries ??= this.#all();
    return (await Promise.all(this.#registries.map((registry) => registry.metrics()))).join('\n');
  }

  #all(): readonly Registry[] {
    const registries = [register, this.#gauges(), ...this.#provided<Registry>(REGISTRIES)];
    for (const registry of registries) registry.setDefaultLabels({ process: this.name });
    return registries;
  }

  #provided<Each>(token: symbol): readonly Each[] {
    const provided: Each[][] = this.modules.get<unknown, Each[]>(token, { strict: false, each: true });
    return provided.flatMap((each) => each);
  }

  #gauges(): Registry {
    const gauges = new Registry();
    for (const gauge of this.#provided<Gauge>(GAUGES)) {
      const { name, help, labelNames = [] } = gauge;
      const collect = async function (this: PrometheusGauge): Promise<void> {
        this.reset();
        // One that cannot be read now must not keep the others from being told.
        const samples = await Promise.resolve(gauge.read()).catch(() => []);
        // Without labels there is always a value, unless it is taken out.
        if (typeof samples === 'number') return this.set(samples);
        if (labelNames.length === 0) this.remove({});
        for (const { labels, value } of samples) this.set(labels, value);
      };
      new PrometheusGauge({ name, help, labelNames, registers: [gauges], collect });
    }
    return gauges;
  }
}

/** The part of a Fastify reply that is used here. */
interface Reply {
  header(name: string, value: string): unknown;
}

@Controller('metrics')
class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get()
  text(@Res({ passthrough: true }) reply: Reply): Promise<string> {
    reply.header('content-type', this.metrics.contentType);
    return this.metrics.text();
  }
}

@Module({})
export class MetricsModule {
  /** @param options.isServed whether `/metrics` is a route of the application, and not only of {@link serveMetrics} */
  static forRoot(options: { readonly name: string; readonly isServed: boolean }): DynamicModule {
    return {
      module: MetricsModule,
      controllers: options.isServed ? [MetricsController] : [],
      providers: [
        Metrics,
        { provide: PROCESS_NAME, useValue: options.name },
        // Without one of its own, looking for everybody's would fail in a process that has no other.
        { provide: GAUGES, useValue: [] satisfies Gauge[] },
        { provide: REGISTRIES, useValue: [] satisfies Registry[] },
      ],
    };
  }
}

/** Measures the process itself: memory, processor time, garbage collection, the delay of the event loop. */
export function measureProcess(): void {
  collectDefaultMetrics({ eventLoopMonitoringPrecision: eventLoopLookMs });
}

/** Serves `/metrics` and nothing else, where the application's own address is a public one. @returns where, and how to end it */
export async function serveMetrics(
  { host, port }: ListenAddress,
  metrics: Metrics,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') return void response.writeHead(404).end();
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('a TCP server has an address');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: address.port, close };
}
