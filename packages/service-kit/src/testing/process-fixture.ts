import {
  Body,
  Controller,
  Get,
  Injectable,
  Logger,
  Module,
  Post,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { HEALTH_CHECKS, type HealthCheck } from '../health.js';
import { whileAwaiting } from '../boot-health.js';
import { runProcess } from '../process.js';

/** A process for the tests of `runProcess`: its parent tells it over IPC when to go on. */

const logger = new Logger('Fixture');

function told(word: string): Promise<void> {
  return new Promise((resolve) => {
    process.on('message', (message) => {
      if (message === word) resolve();
    });
  });
}

@Controller()
class FixtureController {
  @Get('slow')
  async slow(): Promise<string> {
    const go = told('answer');
    process.send?.('slow has begun');
    await go;
    return 'answered';
  }

  @Post('log')
  log(@Body() body: unknown): string {
    logger.log('a request', { body });
    return 'logged';
  }

  @Get('throw')
  throw(): void {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
  }

  @Get('reject')
  reject(): void {
    void Promise.reject(new Error('nobody awaits this'));
  }
}

@Injectable()
class Hooks implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  onModuleDestroy(): void {
    logger.log('onModuleDestroy');
  }

  beforeApplicationShutdown(): void {
    logger.log('beforeApplicationShutdown');
  }

  onApplicationShutdown(): void {
    logger.log('onApplicationShutdown');
  }
}

const broker = { up: true };
process.on('message', (message) => {
  if (message === 'broker up') broker.up = true;
  if (message === 'broker down') broker.up = false;
});

const checks: HealthCheck[] = [
  { name: 'broker', check: async () => ({ up: broker.up, position: '42' }) },
  {
    name: 'driver',
    check: async () => {
      if (!broker.up) throw new TypeError('postgres://desk:hunter2@db refused ann@example.org');
      return { up: true };
    },
  },
];

@Module({
  controllers: [FixtureController],
  providers: [
    Hooks,
    { provide: HEALTH_CHECKS, useValue: checks },
    {
      provide: 'BROKER',
      useFactory: () =>
        whileAwaiting('broker', process.argv.includes('--wait') ? told('broker up') : Promise.resolve()),
    },
  ],
})
class FixtureModule {}

await runProcess({
  name: 'fixture',
  module: FixtureModule,
  listen: { host: '127.0.0.1', port: Number(process.env['PORT'] ?? 0) },
  logLevel: 'info',
  drainGraceMs: Number(process.env['DRAIN_GRACE_MS'] ?? 0),
});
