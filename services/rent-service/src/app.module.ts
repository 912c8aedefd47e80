import { type DynamicModule, Module } from '@nestjs/common';
import { ImportsModule } from '@shelfmark/imports';
import { ServiceModule, type ServiceSettings, reactions } from '@shelfmark/service-kit';
import { ImportedRents } from './import/imported-rents.js';
import { LendingModule } from './lending.module.js';
import type { ClosedDays } from './rent/closed-days.js';
import { lendingPolicy } from './rent/lending-policy.js';
import { HoldExpiry } from './rent/hold-expiry.js';
import { DueTomorrowNotice, HoldReadyNotice, OverdueNotice } from './rent/notices.js';
import { OnBookUpdated } from './rent/on-book-updated.js';
import { OnUserUpdated } from './rent/on-user-updated.js';
import { RentHistoryController } from './rent/rent-history.controller.js';
import { RentController } from './rent/rent.controller.js';
import { timers } from './timers/timer-runner.js';

@Module({})
export class AppModule {
  static with(
    settings: ServiceSettings & { readonly timeZone: string; readonly closedDays: ClosedDays },
  ): DynamicModule {
    const lending = LendingModule.with(lendingPolicy(settings.timeZone, settings.closedDays));
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ service: 'rent', settings, controller: RentController, code: import.meta.dirname }),
        lending,
        ImportsModule.forRoot({
          word: 'rent-import',
          dataDir: settings.dataDir,
          kind: ImportedRents,
          imports: [lending],
        }),
      ],
      controllers: [RentController, RentHistoryController],
      providers: [
        ...reactions(OnBookUpdated, OnUserUpdated),
        ...timers(settings.dataDir, HoldExpiry, HoldReadyNotice, DueTomorrowNotice, OverdueNotice),
      ],
    };
  }
}
