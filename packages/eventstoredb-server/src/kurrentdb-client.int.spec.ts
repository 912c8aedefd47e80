import * as exports from '@kurrent/kurrentdb-client';
import { describeClient } from './testing/client-suite.js';

describeClient({
  exports,
  connect: (string) => exports.KurrentDBClient.connectionString(string),
  filtersReads: true,
});
