// The least that a call costs: a gRPC server that gives back the bytes that it gets. Prints its port.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { echoService } from './echo-service.mjs';

const server = new Server();
server.addService(echoService, { echo: (call, answer) => answer(null, call.request) });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
