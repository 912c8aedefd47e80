import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { withCorrelation } from './correlation.js';
import { type LogLevel, NestLogger, createLogger } from './logging.js';

function logTo(level: LogLevel = 'info') {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const logger = createLogger('book-service', level, stream);
  return {
    logger,
    nest: new NestLogger(logger),
    lines,
    last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown>,
  };
}

describe('a log line', () => {
  it('is JSON that says when, who, how grave and what', () => {
    const { nest, last } = logTo();
    nest.warn('the mirror has a gap', { position: 7n }, 'Relay');
    expect(last()).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      service: 'book-service',
      position: '7',
      context: 'Relay',
      msg: 'the mirror has a gap',
    });
  });

  it('carries the correlation id of the request at hand', () => {
    const { nest, last } = logTo();
    withCorrelation('desk-7', () => nest.log('decided'));
    expect(last()).toMatchObject({ correlationId: 'desk-7' });
    expect(last()).not.toHaveProperty('traceId');
    nest.log('idle');
    expect(last()).not.toHaveProperty('correlationId');
  });

  it('carries the id of the trace at hand', () => {
    const { nest, last } = logTo();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    withCorrelation('desk-7', () => nest.log('decided'), `00-${traceId}-b7ad6b7169203331-01`);
    expect(last()).toMatchObject({ correlationId: 'desk-7', traceId });
  });

  it('holds no personal data and no credentials, in fields, errors or text', () => {
    const { logger, nest, lines } = logTo();
    nest.log('registered ann@example.org', { user: { email: 'ann@example.org', name: 'Ann' } });
    nest.error(new Error('cannot reach nats://book:hunter2@nats:4222'));
    nest.error('could not store', Object.assign(new Error('duplicate'), { detail: 'Key (name)=(Ann)' }), 'Store');
    logger.info({ headers: { authorization: 'Bearer hunter2' } }, 'a request');
    logger.error(new Error('no room for ann@example.org', { cause: new Error('postgres://ann:hunter2@db/') }));
    expect(lines).toHaveLength(5);
    expect(lines.join('')).not.toMatch(/example\.org|Ann|hunter2/);
  });

  it('has the error with its stack and its cause', () => {
    const { nest, last } = logTo();
    nest.error('could not publish', new TypeError('outer', { cause: new Error('inner') }), 'Relay');
    expect(last()).toMatchObject({
      msg: 'could not publish',
      context: 'Relay',
      err: {
        type: 'TypeError',
        message: 'outer',
        stack: expect.stringContaining('logging.spec') as string,
        cause: { message: 'inner' },
      },
    });
  });

  it('takes the fields before the message as well, as pino does', () => {
    const { nest, last } = logTo();
    nest.warn({ err: new Error('away'), attempt: 2 }, 'tried in vain', 'Relay');
    expect(last()).toMatchObject({ msg: 'tried in vain', context: 'Relay', attempt: 2, err: { message: 'away' } });
  });

  it("is not written below the level, nor for Nest's own start", () => {
    const { nest, lines } = logTo();
    nest.debug('detail');
    nest.log('AppModule dependencies initialized', 'InstanceLoader');
    expect(lines).toEqual([]);
  });
});
