import { type CallHandler, type ExecutionContext, HttpStatus, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, map } from 'rxjs';
import { type HalDocument, linkTo } from '../http/hal.js';

/** The preference, by its name in RFC 7240. */
export const respondAsync = 'respond-async';

/** Whether a client does not want to wait for what becomes of its command. What else it may prefer is passed over. */
export function prefersAsync(prefer: string | readonly string[] | undefined): boolean {
  if (prefer === undefined) return false;
  // A value in quotation marks may hold whatever separates others.
  const preferences = String(prefer)
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .split(',');
  return preferences.some((preference) => /^[^;=]*/.exec(preference)![0].trim().toLowerCase() === respondAsync);
}

/** Requests whose commands are queued, and what is answered to them. */
const accepted = new WeakMap<FastifyRequest, HalDocument>();

/** Has a request answered with where its command's operation is, whatever its route makes of it. */
export function acceptFor(request: FastifyRequest, operationId: string, command: string): void {
  accepted.set(request, {
    id: operationId,
    command,
    _links: { self: linkTo('/operations', operationId), queue: linkTo('/queue', operationId) },
  });
}

/** Answers 202 in the place of a route that only queued its command. */
@Injectable()
export class RespondAsync implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    return next.handle().pipe(
      map((answer: unknown) => {
        const document = accepted.get(request);
        if (!document) return answer;
        http
          .getResponse<FastifyReply>()
          .code(HttpStatus.ACCEPTED)
          .headers({ location: document._links['self']!.href, 'preference-applied': respondAsync });
        return document;
      }),
    );
  }
}
