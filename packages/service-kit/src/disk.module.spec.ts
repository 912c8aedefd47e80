import { Logger } from '@nestjs/common';
import { afterEach, expect, it, vi } from 'vitest';
import { DiskSpace, lowDiskBytes } from './disk.module.js';

afterEach(() => vi.restoreAllMocks());

it('warns once when the disk becomes nearly full, and says when there is room again', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const log = vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  let free = lowDiskBytes;
  const disk = new DiskSpace('/data', async () => ({ free, size: 10 * lowDiskBytes }));
  expect(await disk.look()).toEqual({ free, size: 10 * lowDiskBytes, isLow: false });
  expect(warn).not.toHaveBeenCalled();

  free = lowDiskBytes - 1;
  expect(await disk.look()).toMatchObject({ isLow: true });
  await disk.look();
  expect(warn.mock.calls).toEqual([['the disk is nearly full', { directory: '/data', freeBytes: free }]]);

  free = lowDiskBytes;
  expect(await disk.look()).toMatchObject({ isLow: false });
  expect(log).toHaveBeenCalledTimes(1);
});

it('measures the disk that a directory lies on', async () => {
  const { free, size } = await new DiskSpace(import.meta.dirname).look();
  expect(free).toBeGreaterThan(0);
  expect(size).toBeGreaterThan(free);
});
