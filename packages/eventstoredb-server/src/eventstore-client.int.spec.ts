import * as client from '@eventstore/db-client';
import { describeClient, type Client, type OfficialClient } from './testing/client-suite.js';

describeClient({
  exports: client as unknown as OfficialClient['exports'],
  connect: (string) =>
    client.EventStoreDBClient.connectionString(string.replace(/^kurrentdb/, 'esdb')) as unknown as Client,
  filtersReads: false,
});
