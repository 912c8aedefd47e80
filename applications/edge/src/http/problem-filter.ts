import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, HttpStatus, Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { bodyLimitBytes, restOfBody } from './json-body.js';
import { Problem, sendProblem } from './problem.js';
import type { ProblemCode } from './problem-status.js';

/** What Nest and Fastify themselves refuse, by the status that they give it. */
const refused: Readonly<Record<number, ProblemCode>> = {
  [HttpStatus.NOT_FOUND]: 'NotFound',
  [HttpStatus.REQUEST_TIMEOUT]: 'RequestTimeout',
  [HttpStatus.PAYLOAD_TOO_LARGE]: 'BodyTooLarge',
  [HttpStatus.UNSUPPORTED_MEDIA_TYPE]: 'UnsupportedMediaType',
};

const serverFault: number = HttpStatus.INTERNAL_SERVER_ERROR;

/** Every error becomes a problem document. What is not meant for clients goes into the log, and only there. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Edge');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = toProblem(error);
    if (problem.code === 'InternalError') {
      const { method, routeOptions } = reply.request;
      this.#logger.error('a request failed', { err: problem.cause, method, route: routeOptions.url });
    }
    if (problem.code !== 'BodyTooLarge') return sendProblem(reply, problem);
    // Who is still sending would see the connection reset, and never the answer.
    void restOfBody(reply.request.raw).then(() => sendProblem(reply, problem));
  }
}

/** Their texts are not repeated: they name what this is built from. */
function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof HttpException) || error.getStatus() >= serverFault) {
    return new Problem('InternalError', { cause: error });
  }
  const code = refused[error.getStatus()] ?? 'MalformedRequest';
  return new Problem(code, code === 'BodyTooLarge' ? { detail: `A body has at most ${bodyLimitBytes} bytes.` } : {});
}
