import { createHash, timingSafeEqual } from 'node:crypto';
import { Metadata, ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js';

/** What clients ask before they send credentials: which methods there are, and where the leader is. */
const open = /^\/event_store\.client\.(server_features\.ServerFeatures|gossip\.Gossip)\//;

/** Lets in who knows the one name and password; everybody else is told UNAUTHENTICATED. */
export function basicCredentials(username: string, password: string): ServerInterceptor {
  const expected = digest(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, mayPass) => {
            const [given] = metadata.get('authorization');
            if (given === undefined ? open.test(path) : timingSafeEqual(digest(given.toString()), expected)) {
              mayPass(metadata);
            } else {
              const details = 'these are not the credentials of anybody here';
              call.sendStatus({ code: status.UNAUTHENTICATED, details, metadata: new Metadata() });
            }
          },
        });
      },
    });
}

/** Who makes a call, as far as it says. */
export function usernameOf(metadata: Metadata): string {
  const [, encoded = ''] = /^Basic (.+)$/.exec(metadata.get('authorization')[0]?.toString() ?? '') ?? [];
  const [username] = Buffer.from(encoded, 'base64').toString().split(':');
  return username === undefined || username === '' ? 'anonymous' : username;
}

/** Of one length whatever was given, so that the comparison tells nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
