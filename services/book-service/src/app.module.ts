import { type DynamicModule, Module } from '@nestjs/common';
import { ImportsModule } from '@shelfmark/imports';
import { ServiceModule, type ServiceSettings, reactions } from '@shelfmark/service-kit';
import { BookHistoryController } from './book/book-history.controller.js';
import { BookController } from './book/book.controller.js';
import { LendingDesk } from './book/lending-desk.js';
import { OnBookDeletionRequested } from './book/on-book-deletion-requested.js';
import { ImportedBooks } from './import/imported-books.js';

@Module({})
export class AppModule {
  static with(settings: ServiceSettings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ service: 'book', settings, controller: BookController, code: import.meta.dirname }),
        ImportsModule.forRoot({ word: 'book-import', dataDir: settings.dataDir, kind: ImportedBooks }),
      ],
      controllers: [BookController, BookHistoryController],
      providers: [LendingDesk, ...reactions(OnBookDeletionRequested)],
    };
  }
}
