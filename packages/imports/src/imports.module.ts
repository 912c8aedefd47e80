import { join } from 'node:path';
import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { GAUGES, type Gauge } from '@shelfmark/service-kit';
import { IMPORTED_KIND, ImportRunner } from './import-runner.js';
import { importController } from './import.controller.js';
import type { ImportedKind, KnownItem } from './imported-kind.js';
import { Spools } from './spools.js';
import { Uploads } from './uploads.js';

export interface ImportsOptions<Item, Known extends KnownItem> {
  /** The one that the service's imports go by in subjects, such as `book-import`. */
  readonly word: string;
  /** The service's own folder; files are kept in one of its own there, until they have been imported. */
  readonly dataDir: string;
  /** Is given what Nest injects into it, */
  readonly kind: Type<ImportedKind<Item, Known>>;
  /** from these modules and those that are everywhere. */
  readonly imports?: readonly DynamicModule[];
}

/** Takes files, keeps them and imports what they hold, one after the other. */
@Module({})
export class ImportsModule {
  static forRoot<Item, Known extends KnownItem>({
    word,
    dataDir,
    kind,
    imports = [],
  }: ImportsOptions<Item, Known>): DynamicModule {
    const spools: Provider = { provide: Spools, useValue: new Spools(join(dataDir, 'imports')) };
    return {
      module: ImportsModule,
      imports: [...imports],
      controllers: [importController(word)],
      providers: [
        spools,
        { provide: IMPORTED_KIND, useClass: kind },
        Uploads,
        ImportRunner,
        {
          provide: GAUGES,
          useFactory: (runner: ImportRunner): Gauge[] => [
            {
              name: 'shelfmark_unfinished_imports',
              help: 'Imports that wait for their turn, and the one that is being worked on.',
              read: () => runner.unfinished,
            },
          ],
          inject: [ImportRunner],
        },
      ],
    };
  }
}
