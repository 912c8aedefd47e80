import { Inject, Injectable } from '@nestjs/common';
import { CommandHandler } from '@shelfmark/event-sourcing';
import { CsvFile, type ImportedKind, refusalOfCsv } from '@shelfmark/imports';
import type { BookRentDecider } from '../rent/book-rent.js';
import { BOOK_RENT } from '../rent/deciders.js';
import { Owners } from '../rent/owners.js';
import { type KnownRent, OutstandingRents } from './outstanding-rents.js';
import { type RentItem, rentTable } from './rent-row.js';

/** Open rents, as files bring them from another system. */
@Injectable()
export class ImportedRents implements ImportedKind<RentItem, KnownRent> {
  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(BOOK_RENT) private readonly bookRent: BookRentDecider,
    @Inject(Owners) private readonly owners: Owners,
  ) {}

  refusalOf(head: Uint8Array, isWhole: boolean) {
    return refusalOfCsv(rentTable, head, isWhole);
  }

  open(path: string) {
    return CsvFile.open(path, rentTable);
  }

  begin(): OutstandingRents {
    return new OutstandingRents(this.handler, this.bookRent, this.owners);
  }
}
