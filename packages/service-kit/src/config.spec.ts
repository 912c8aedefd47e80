import { describe, expect, it } from 'vitest';
import { ConfigError, choice, integer, port, readConfig, text, timeZone, url } from './config.js';

const spec = {
  natsUrl: url('NATS_URL', { protocols: ['nats', 'tls'], secret: true }),
  page: url('PAGE_URL', { protocols: ['https'], default: 'https://library.example/' }),
  port: port('PORT', { default: 3000 }),
  dataDir: text('DATA_DIR'),
  workers: integer('WORKERS', { min: 1, max: 64, default: 4 }),
  logLevel: choice('LOG_LEVEL', ['info', 'debug'], { default: 'info' }),
  zone: timeZone('LIBRARY_TIME_ZONE', { default: 'UTC' }),
};

const enough = { NATS_URL: 'nats://desk:hunter2@127.0.0.1:4222', DATA_DIR: '/var/lib/shelfmark' };

function mistakes(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(spec, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('is typed values, with defaults where nothing is set', () => {
    const config = readConfig(spec, { ...enough, WORKERS: '8', LIBRARY_TIME_ZONE: 'Europe/Berlin' });
    const workers: number = config.workers;
    const level: 'info' | 'debug' = config.logLevel;
    expect({ ...config, workers, level }).toEqual({
      natsUrl: 'nats://desk:hunter2@127.0.0.1:4222',
      page: 'https://library.example/',
      port: 3000,
      dataDir: '/var/lib/shelfmark',
      workers: 8,
      logLevel: 'info',
      level: 'info',
      zone: 'Europe/Berlin',
    });
  });

  it('lists every mistake at once, each with its variable', () => {
    expect(
      mistakes({
        NATS_URL: 'http://127.0.0.1',
        PAGE_URL: 'library',
        PORT: '70000',
        WORKERS: '2.5',
        LOG_LEVEL: 'loud',
        LIBRARY_TIME_ZONE: 'Europe/Atlantis',
      }),
    ).toEqual([
      'NATS_URL must be a URL that starts with nats:// or tls://',
      'PAGE_URL must be a URL that starts with https://, and is "library"',
      'PORT must be a whole number from 0 to 65535, and is "70000"',
      'DATA_DIR is not set',
      'WORKERS must be a whole number from 1 to 64, and is "2.5"',
      'LOG_LEVEL must be info or debug, and is "loud"',
      'LIBRARY_TIME_ZONE must be a time zone, such as Europe/Berlin, and is "Europe/Atlantis"',
    ]);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(mistakes({ ...enough, DATA_DIR: '' })).toEqual(['DATA_DIR is not set']);
    expect(readConfig(spec, { ...enough, PORT: '' }).port).toBe(3000);
  });

  it('never prints a secret, however wrong it is', () => {
    for (const secret of ['hunter2', 'hunter2://x', 'nats:hunter2', 'http://desk:hunter2@127.0.0.1', '://hunter2']) {
      const [mistake] = mistakes({ ...enough, NATS_URL: secret });
      expect(mistake).toMatch(/^NATS_URL must be/);
      expect(mistake).not.toContain('hunter2');
    }
  });

  it('prints no password out of a URL that is not marked as secret either', () => {
    expect(mistakes({ ...enough, PAGE_URL: 'http://desk:hunter2@library.example' }).join()).not.toContain('hunter2');
  });

  it.each(['', '1e3', ' 5', '0x10', 'NaN', '-1', '99999999999999999999'])('has no number in %j', (value) => {
    const { port: one } = { port: port('PORT') };
    expect(() => readConfig({ one }, { PORT: value })).toThrow(ConfigError);
  });
});
