import { DiagLogLevel, diag, trace } from '@opentelemetry/api';
import type { Logger } from 'pino';

const nothing = async (): Promise<void> => {};

/**
 * Sends spans to the collector that the standard variables name, `OTEL_EXPORTER_OTLP_ENDPOINT` above all; the others (`OTEL_TRACES_SAMPLER`,
 * `OTEL_BSP_…`, `OTEL_RESOURCE_ATTRIBUTES`) mean what OpenTelemetry says. Without an endpoint nothing of it is even loaded.
 * @param name the process's, as traces call it unless `OTEL_SERVICE_NAME` does
 * @returns sends what was not sent yet, and ends
 */
export async function startTracing(name: string, logger: Logger): Promise<() => Promise<void>> {
  const { env } = process;
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (!endpoint || env['OTEL_SDK_DISABLED'] === 'true') return nothing;
  const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const log = (text: string): void => logger.warn({ context: 'OpenTelemetry' }, text);
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, { logLevel: DiagLogLevel.WARN });
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources;
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': name }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}
