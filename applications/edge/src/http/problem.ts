import { STATUS_CODES } from 'node:http';
import { HttpStatus } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ProblemCode, type Rejection, problemStatus } from './problem-status.js';

/** One thing that is wrong with a request: the place in its body (a JSON Pointer), the parameter or the header, and why. */
export type RequestFault = { readonly detail: string } & (
  { readonly pointer: string } | { readonly parameter: string } | { readonly header: string }
);

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: readonly RequestFault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Statuses that say when to come again. */
export const passing: readonly number[] = [HttpStatus.SERVICE_UNAVAILABLE, HttpStatus.TOO_MANY_REQUESTS];

/** Why a request is not answered as its sender wished; becomes an `application/problem+json` of RFC 9457. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly detail: string | undefined;
  readonly errors: readonly RequestFault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ProblemCode,
    options: ProblemOptions = {},
  ) {
    super(code, { cause: options.cause });
    // A service that is newer than this edge may say no in a word that the edge has not learnt yet: still a conflict.
    this.status = problemStatus[code] ?? HttpStatus.CONFLICT;
    this.detail = options.detail;
    this.errors = options.errors;
    const retryAfterSeconds = Math.max(1, Math.ceil((options.retryAfterMs ?? 0) / 1000));
    this.headers = {
      ...(passing.includes(this.status) ? { 'retry-after': String(retryAfterSeconds) } : {}),
      ...options.headers,
    };
  }

  /** A service's "no". */
  static rejection(code: string, detail?: string): Problem {
    return new Problem(code as Rejection, detail === undefined ? {} : { detail });
  }

  /** A body that does not say what it should, with every place where it does not. */
  static body(errors: readonly RequestFault[]): Problem {
    return new Problem('InvalidBody', { detail: 'The body is not what is expected here.', errors });
  }

  /** Parameters of the query that are not what they should be. */
  static parameters(errors: readonly RequestFault[]): Problem {
    return new Problem('InvalidParameter', { detail: 'The query is not what is expected here.', errors });
  }

  static header(header: string, detail: string): Problem {
    return new Problem('InvalidHeader', { detail: `The header ${header} ${detail}.`, errors: [{ header, detail }] });
  }
}

/** The members of a problem's body, in the order that they are read in. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly instance?: string;
  readonly correlationId?: string;
  readonly errors?: readonly RequestFault[];
}

export const problemContentType = 'application/problem+json; charset=utf-8';

/** @param request where it happened; absent where a request could not even be read */
export function problemDocument(problem: Problem, request?: Pick<FastifyRequest, 'url' | 'id'>): ProblemDocument {
  return {
    type: `/problems/${problem.code}`,
    title: titleOf(problem.code),
    status: problem.status,
    code: problem.code,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    // Without the query, which may hold somebody's name: a problem is what people paste into reports.
    ...(request === undefined ? {} : { instance: request.url.split('?', 1)[0]!, correlationId: request.id }),
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  };
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  void reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', problemContentType)
    .send(problemDocument(problem, reply.request));
}

/** A whole HTTP answer, for a connection whose request never became one that Fastify knows. */
export function rawProblem(problem: Problem): string {
  const body = JSON.stringify(problemDocument(problem));
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Content-Type: ${problemContentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

/** `NoCopyAvailable` is "No copy available". */
function titleOf(code: string): string {
  return code[0] + code.slice(1).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
