import { Inject, Injectable } from '@nestjs/common';
import { CommandHandler } from '@shelfmark/event-sourcing';
import { CsvFile, type ImportedKind, refusalOfCsv } from '@shelfmark/imports';
import { type PersonItem, peopleTable } from './person-row.js';
import { type KnownPerson, Readers } from './readers.js';

/** People, as files bring them. */
@Injectable()
export class ImportedPeople implements ImportedKind<PersonItem, KnownPerson> {
  constructor(@Inject(CommandHandler) private readonly handler: CommandHandler) {}

  refusalOf(head: Uint8Array, isWhole: boolean) {
    return refusalOfCsv(peopleTable, head, isWhole);
  }

  open(path: string) {
    return CsvFile.open(path, peopleTable);
  }

  begin(importId: string): Readers {
    return new Readers(this.handler, importId);
  }
}
