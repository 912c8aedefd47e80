import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { GAUGES, type Gauge, HEALTH_CHECKS, type HealthCheck, NatsModule } from '@shelfmark/service-kit';
import { BooksController } from './books/books.controller.js';
import { BooksView } from './books/books-view.js';
import { Commands, DEADLINE_MS, deadlineMs } from './commands/commands.js';
import { RespondAsync } from './commands/respond-async.js';
import { ExportsController } from './export/exports.controller.js';
import { Exports } from './export/exports.js';
import { History } from './history/history.js';
import { HistoryController } from './history/history.controller.js';
import { Queries } from './history/queries.js';
import { HoldsController } from './holds/holds.controller.js';
import { HoldsView } from './holds/holds-view.js';
import { OwnershipGuard } from './identity/ownership.guard.js';
import { RATE_LIMIT_PER_SECOND, RateLimits } from './identity/rate-limits.js';
import { SignIn } from './identity/sign-in.js';
import { Tokens } from './identity/tokens.js';
import { Imports } from './imports/imports.js';
import { ImportsController } from './imports/imports.controller.js';
import { FileRoutes } from './imports/uploaded-file.js';
import { LiveChanges } from './live/live-changes.js';
import { LiveController } from './live/live.controller.js';
import { DocsController } from './openapi/docs.controller.js';
import { AsyncApiController } from './openapi/asyncapi.controller.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { RouteTable } from './openapi/route-table.js';
import { Operations } from './queue/operations.js';
import { QueueController } from './queue/queue.controller.js';
import { QueueView } from './queue/queue-view.js';
import { RentsController } from './rents/rents.controller.js';
import { RentsView } from './rents/rents-view.js';
import { TIME_ZONE, TODAY, todayIn } from './rents/today.js';
import { RootController } from './root.controller.js';
import type { Settings } from './settings.js';
import { NeverRented } from './statistics/never-rented.js';
import { StatisticsController } from './statistics/statistics.controller.js';
import { StatisticsView } from './statistics/statistics-view.js';
import { UsersController } from './users/users.controller.js';
import { UsersView } from './users/users-view.js';
import { DATABASE_URL, ViewDatabase } from './views/view-database.js';
import { ViewProgress } from './views/view-progress.js';
import { PATIENCE_MS, ViewReader, patienceMs } from './views/view-reader.js';

/** How long it is waited for services, and for views. */
export interface Waits {
  readonly deadlineMs: number;
  readonly patienceMs: number;
}

@Module({})
export class AppModule {
  static with(
    settings: Omit<Settings, 'host' | 'port' | 'logLevel'>,
    waits: Waits = { deadlineMs, patienceMs },
  ): DynamicModule {
    const { natsUrl, databaseUrl, timeZone, rateLimitPerSecond } = settings;
    return {
      module: AppModule,
      imports: [NatsModule.forRoot({ url: natsUrl, name: 'edge' })],
      controllers: [
        RootController,
        BooksController,
        UsersController,
        RentsController,
        HoldsController,
        StatisticsController,
        HistoryController,
        LiveController,
        ExportsController,
        ImportsController,
        QueueController,
        OpenApiController,
        AsyncApiController,
        DocsController,
      ],
      providers: [
        { provide: DATABASE_URL, useValue: databaseUrl },
        { provide: DEADLINE_MS, useValue: waits.deadlineMs },
        { provide: PATIENCE_MS, useValue: waits.patienceMs },
        { provide: TIME_ZONE, useValue: timeZone },
        { provide: TODAY, useValue: todayIn(timeZone) },
        ViewDatabase,
        ViewProgress,
        ViewReader,
        BooksView,
        UsersView,
        RentsView,
        HoldsView,
        StatisticsView,
        NeverRented,
        Commands,
        RouteTable,
        Queries,
        History,
        LiveChanges,
        Exports,
        Operations,
        QueueView,
        { provide: APP_INTERCEPTOR, useClass: RespondAsync },
        { provide: Tokens, useFactory: () => new Tokens(settings) },
        { provide: RATE_LIMIT_PER_SECOND, useValue: rateLimitPerSecond },
        RateLimits,
        SignIn,
        { provide: APP_GUARD, useClass: OwnershipGuard },
        Imports,
        FileRoutes,
        {
          provide: HEALTH_CHECKS,
          useFactory: (database: ViewDatabase): HealthCheck[] => [database.health()],
          inject: [ViewDatabase],
        },
        {
          provide: GAUGES,
          useFactory: (
            database: ViewDatabase,
            progress: ViewProgress,
            live: LiveChanges,
            exports: Exports,
          ): Gauge[] => [
            ...database.gauges(),
            {
              name: 'shelfmark_waiting_own_reads',
              help: 'Reads that wait for their own writes to show.',
              read: () => progress.sleeping,
            },
            {
              name: 'shelfmark_live_readers',
              help: 'Clients that are told of changes as they happen.',
              read: () => live.readers,
            },
            { name: 'shelfmark_running_exports', help: 'Exports under way.', read: () => exports.running },
          ],
          inject: [ViewDatabase, ViewProgress, LiveChanges, Exports],
        },
      ],
    };
  }
}
