import { Inject, Injectable } from '@nestjs/common';
import { CommandHandler, type EventStore } from '@shelfmark/event-sourcing';
import type { ImportedKind } from '@shelfmark/imports';
import { EVENT_STORE } from '@shelfmark/service-kit';
import { openBookFile, refusalOf } from './book-file.js';
import type { BookItem } from './book-row.js';
import { Catalogue, type IdentifiedRow } from './catalogue.js';

/** Books, as files bring them into the catalogue. */
@Injectable()
export class ImportedBooks implements ImportedKind<BookItem, IdentifiedRow> {
  readonly refusalOf = refusalOf;
  readonly open = openBookFile;

  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  begin(): Catalogue {
    return new Catalogue(this.handler, this.store);
  }
}
