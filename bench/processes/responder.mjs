// Answers every request with what it was sent, and does nothing else: what the bus can do at most.
import { connect } from '@nats-io/transport-node';
import { connectionOptions } from '../nats.mjs';

const connection = await connect(connectionOptions(process.argv[2]));
connection.subscribe('bench.echo', { queue: 'bench', callback: (_error, message) => message.respond(message.data) });
await connection.flush();
process.send('ready');
// Whoever measured is gone.
process.once('disconnect', () => process.exit());
