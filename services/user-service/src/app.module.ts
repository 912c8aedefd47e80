import { type DynamicModule, Module } from '@nestjs/common';
import { ImportsModule } from '@shelfmark/imports';
import { ServiceModule, type ServiceSettings, reactions } from '@shelfmark/service-kit';
import { ImportedPeople } from './import/imported-people.js';
import { UserHistoryController } from './user/user-history.controller.js';
import { UserController } from './user/user.controller.js';
import { LendingDesk } from './user/lending-desk.js';
import { OnUserDeletionRequested } from './user/on-user-deletion-requested.js';

@Module({})
export class AppModule {
  static with(settings: ServiceSettings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ service: 'user', settings, controller: UserController, code: import.meta.dirname }),
        ImportsModule.forRoot({ word: 'user-import', dataDir: settings.dataDir, kind: ImportedPeople }),
      ],
      controllers: [UserController, UserHistoryController],
      providers: [LendingDesk, ...reactions(OnUserDeletionRequested)],
    };
  }
}
