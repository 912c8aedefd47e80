import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { System } from './system.js';

/** A span as it came over OTLP, with the name of the process that it came from. */
export interface CollectedSpan {
  readonly process: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
}

/** Takes what an OpenTelemetry collector would take. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void json(request).then(
        (body) => {
          if (request.url === '/v1/traces') this.#take(body as Export);
          response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        },
        // A process that ends does not wait until all is sent.
        () => response.destroy(),
      );
    });
  }

  static async start(): Promise<TraceCollector> {
    const collector = new TraceCollector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take({ resourceSpans }: Export): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const process = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => ({ ...span, process })));
    }
  }
}

/** One line of a scrape: a metric with its labels, and its value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What one process tells of itself at `/metrics`. */
export interface Scrape {
  readonly process: string;
  /** As `# TYPE` lines name them, without the suffixes of a histogram's lines. */
  readonly names: readonly string[];
  readonly samples: readonly Sample[];
}

/** Scrapes every process, found as Prometheus finds them. */
export function scrapeAll(system: System): Promise<readonly Scrape[]> {
  const file = readFileSync(join(system.dataDir, 'run', 'prometheus.json'), 'utf8');
  const targets = JSON.parse(file) as readonly { targets: readonly string[]; labels: { process: string } }[];
  return Promise.all(
    targets.map(async ({ targets: [address], labels: { process } }) => {
      const response = await fetch(`http://${address}/metrics`);
      if (response.status !== 200) throw new Error(`${process} answers ${response.status}`);
      return { process, ...parseMetrics(await response.text()) };
    }),
  );
}

function parseMetrics(text: string): Omit<Scrape, 'process'> {
  const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!);
  const samples = [...text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? (\S+)$/gm)].map(([, name, labels = '', value]) => ({
    name: name!,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text!])),
    value: Number(value),
  }));
  return { names, samples };
}
