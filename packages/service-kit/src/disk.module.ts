import { statfs } from 'node:fs/promises';
import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { HEALTH_CHECKS, type HealthCheck } from './health.js';
import { GAUGES, type Gauge } from './metrics.js';

/** Below so much, somebody has to make room: what is written in a busy day is less, and all that lies on the disk is well still. */
export const lowDiskBytes = 1024 ** 3;

interface Space {
  readonly free: number;
  readonly size: number;
}

/** How much room there is on the disk that a directory lies on. */
export class DiskSpace {
  readonly #logger = new Logger('Disk');
  #isLow = false;

  /** @param measure the space in bytes */
  constructor(
    readonly directory: string,
    private readonly measure: (directory: string) => Promise<Space> = spaceOf,
  ) {}

  /** Looks, and writes a warning when it has become low. */
  async look(): Promise<Space & { readonly isLow: boolean }> {
    const space = await this.measure(this.directory);
    const isLow = space.free < lowDiskBytes;
    if (isLow && !this.#isLow) {
      this.#logger.warn('the disk is nearly full', { directory: this.directory, freeBytes: space.free });
    }
    if (!isLow && this.#isLow) this.#logger.log('there is room on the disk again', { freeBytes: space.free });
    this.#isLow = isLow;
    return { ...space, isLow };
  }
}

/** Watches the disk that holds the process's data. */
@Module({})
export class DiskModule {
  static forRoot(options: { readonly directory: string }): DynamicModule {
    return {
      module: DiskModule,
      providers: [
        { provide: DiskSpace, useFactory: () => new DiskSpace(options.directory) },
        {
          provide: HEALTH_CHECKS,
          useFactory: (disk: DiskSpace): HealthCheck[] => [
            {
              name: 'disk',
              check: async () => {
                const { free, isLow } = await disk.look();
                // There is room still, so all goes on. A log that has none left says so to whoever writes to it.
                return { up: true, freeBytes: free, isLow };
              },
            },
          ],
          inject: [DiskSpace],
        },
        {
          provide: GAUGES,
          useFactory: (disk: DiskSpace): Gauge[] => [
            {
              name: 'shelfmark_disk_free_bytes',
              help: 'Room on the disk that holds the data.',
              read: async () => (await disk.look()).free,
            },
            {
              name: 'shelfmark_disk_size_bytes',
              help: 'Size of the disk that holds the data.',
              read: async () => (await disk.look()).size,
            },
          ],
          inject: [DiskSpace],
        },
      ],
    };
  }
}

async function spaceOf(directory: string): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(directory);
  return { free: bavail * bsize, size: blocks * bsize };
}
