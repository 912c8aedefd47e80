import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, destination, pino } from 'pino';
import { correlation } from './correlation.js';
import { redactFields, redactText } from './redaction.js';

/** From the gravest; a process logs its level and those before it. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * JSON lines on stdout: level, time, service, the correlation and trace id of the request at hand, and the message with its fields.
 * Lines are written before the call returns, so that the last words of a dying process are not lost.
 */
export function createLogger(
  service: string,
  level: LogLevel,
  stream: DestinationStream = destination({ fd: 1, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      // Errors are described where fields are redacted; pino's own serializer would add every field that they have.
      serializers: { err: (error: unknown) => error },
      mixin: () => ({ ...correlation() }),
      hooks: { streamWrite: redactText },
    },
    stream,
  );
}

/** What Nest says about its own start is of interest only to who looks for a mistake in a module. */
const nestStartup = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);

/**
 * Nest's `Logger` on pino. Beside the message goes an object with fields, or an error:
 * `logger.warn('the mirror has a gap', { service, position })`, `logger.error('could not publish', error)`.
 */
export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    this.#write(typeof context === 'string' && nestStartup.has(context) ? 'debug' : 'info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  /** Nest hands over what the caller gave (a message, fields, an error, a stack, in any order), then the logger's own name. */
  #write(level: LogLevel, message: unknown, rest: readonly unknown[]): void {
    const given = [message, ...rest];
    const fields: Record<string, unknown> = {};
    if (rest.length > 0 && typeof given.at(-1) === 'string') fields['context'] = given.pop();
    let text: string | undefined;
    for (const part of given) {
      if (part instanceof Error) fields['err'] = part;
      else if (typeof part === 'object' && part !== null) Object.assign(fields, part);
      else if (part !== undefined && text === undefined) text = typeof part === 'string' ? part : JSON.stringify(part);
      else if (part !== undefined) fields['stack'] = part;
    }
    const { err } = fields;
    this.#logger[level](fields, text ?? (err instanceof Error ? err.message : undefined));
  }
}
