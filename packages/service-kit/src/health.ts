import {
  Controller,
  type DynamicModule,
  Get,
  HttpStatus,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  Res,
  ServiceUnavailableException,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthCheckService, type HealthIndicatorResult, TerminusModule } from '@nestjs/terminus';
import { GAUGES, type Gauge } from './metrics.js';

/** What a check found: whether the thing is there, and what else is worth knowing; no secrets, anybody may read it. */
export type HealthReport = { readonly up: boolean } & Readonly<Record<string, unknown>>;

/** Something without which the process is not ready. */
export interface HealthCheck {
  /** Its key in the answer of `/health/ready`. */
  readonly name: string;
  check(): Promise<HealthReport>;
}

/**
 * Token of a `HealthCheck[]`. Every module may provide one of its own, and all are asked:
 * `{ provide: HEALTH_CHECKS, useFactory: (…): HealthCheck[] => […], inject: […] }`
 */
export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');

/** Where a process is in its life; only a running one is ready. */
export interface ProcessState {
  phase: 'starting' | 'running' | 'draining';
}

const PROCESS_STATE = Symbol('PROCESS_STATE');

/** A check that takes longer than this is answered as down. */
const checkTimeoutMs = 2_000;

/** It is looked so often whether all is there, also when nobody asks, to tell since when it is not. */
const lookEveryMs = 5_000;

/** The part of a Fastify reply that is used here. */
interface Reply {
  status(code: number): unknown;
}

/** Knows what the process cannot be ready without, what of it is gone, and since when. */
@Injectable()
class Dependencies implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Health');
  /** By the name of the check; an RFC 3339 instant since when it is gone, or nothing where it is there. */
  readonly #goneSince = new Map<string, string | undefined>();
  #looking: NodeJS.Timeout | undefined;

  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  onApplicationBootstrap(): void {
    const look = (): void => void Promise.all(this.checks().map((check) => check.check()));
    this.#looking = setInterval(look, lookEveryMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#looking);
  }

  /** What there is to check; none of these throws, and each tells since when what it looks for is gone. */
  checks(): readonly HealthCheck[] {
    return this.modules
      .get<unknown, HealthCheck[]>(HEALTH_CHECKS, { strict: false, each: true })
      .flat()
      .map((check) => ({ name: check.name, check: async () => this.#remember(check.name, await attempt(check)) }));
  }

  gauges(): Gauge[] {
    return [
      {
        name: 'shelfmark_health_check_up',
        help: 'Whether what the process cannot be ready without was there (1) when it was last looked for, or gone (0).',
        labelNames: ['check'],
        read: () =>
          [...this.#goneSince].map(([check, since]) => ({ labels: { check }, value: since === undefined ? 1 : 0 })),
      },
    ];
  }

  #remember(name: string, report: HealthReport): HealthReport {
    const before = this.#goneSince.get(name);
    const wasUp = this.#goneSince.has(name) && before === undefined;
    if (report.up) {
      if (before !== undefined) this.#logger.log(`${name} is back`, { check: name, since: before });
      this.#goneSince.set(name, undefined);
      return report;
    }
    const since = before ?? new Date().toISOString();
    // What is not there yet while the process starts is no news.
    if (wasUp) this.#logger.warn(`${name} is gone`, { check: name, error: report['error'] });
    this.#goneSince.set(name, since);
    return { ...report, since };
  }
}

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(Dependencies) private readonly dependencies: Dependencies,
    @Inject(PROCESS_STATE) private readonly state: ProcessState,
  ) {}

  /** Whoever gets this answer knows that the event loop turns; what the process depends on is none of its business. */
  @Get('live')
  live(@Res({ passthrough: true }) reply: Reply): Promise<unknown> {
    return this.#answer([], reply);
  }

  @Get('ready')
  ready(@Res({ passthrough: true }) reply: Reply): Promise<unknown> {
    const process: HealthCheck = {
      name: 'process',
      check: async () => ({ up: this.state.phase === 'running', phase: this.state.phase }),
    };
    return this.#answer([process, ...this.dependencies.checks()], reply);
  }

  /** Answered here and not by an exception, which an application's filters would give another form. */
  async #answer(checks: readonly HealthCheck[], reply: Reply): Promise<unknown> {
    try {
      return await this.health.check(checks.map((check) => () => indicate(check)));
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      reply.status(HttpStatus.SERVICE_UNAVAILABLE);
      return error.getResponse();
    }
  }
}

async function indicate(check: HealthCheck): Promise<HealthIndicatorResult> {
  const { up, ...details } = await check.check();
  return { [check.name]: { ...details, status: up ? 'up' : 'down' } };
}

/** A check that throws or hangs is down. Only an error's name is told: its text may hold what is nobody's business. */
async function attempt(check: HealthCheck): Promise<HealthReport> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<HealthReport>((resolve) => {
    timer = setTimeout(() => resolve({ up: false, error: 'Timeout' }), checkTimeoutMs);
  });
  try {
    return await Promise.race([check.check(), tooLate]);
  } catch (error) {
    return { up: false, error: error instanceof Error ? error.name : 'Error' };
  } finally {
    clearTimeout(timer);
  }
}

/** `/health/live` and `/health/ready`, for everybody and without a sign-in. */
@Module({})
export class HealthModule {
  static forRoot(state: ProcessState): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [
        { provide: PROCESS_STATE, useValue: state },
        Dependencies,
        {
          provide: GAUGES,
          useFactory: (dependencies: Dependencies) => dependencies.gauges(),
          inject: [Dependencies],
        },
        // Without one of its own, looking for everybody's would fail in a process that has no other.
        { provide: HEALTH_CHECKS, useValue: [] satisfies HealthCheck[] },
      ],
    };
  }
}
