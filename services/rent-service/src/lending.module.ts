import { type DynamicModule, Module } from '@nestjs/common';
import { BOOK_RENT, BORROWER, LENDING_POLICY, NOTICE, deciders } from './rent/deciders.js';
import type { LendingPolicy } from './rent/lending-policy.js';
import { Owners } from './rent/owners.js';

/** How this library lends, and whom it asks. */
@Module({})
export class LendingModule {
  static with(policy: LendingPolicy): DynamicModule {
    return {
      module: LendingModule,
      providers: [...deciders(policy), Owners],
      exports: [BOOK_RENT, BORROWER, LENDING_POLICY, NOTICE, Owners],
    };
  }
}
