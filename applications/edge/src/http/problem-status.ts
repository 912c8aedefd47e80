import { HttpStatus } from '@nestjs/common';
import type {
  BookRejection,
  ImportRejection,
  OperationRejection,
  RentRejection,
  UserRejection,
} from '@shelfmark/contracts';

/** A service's "no". */
export type Rejection = UserRejection | BookRejection | RentRejection | ImportRejection | OperationRejection;

const rejections: Record<Rejection, HttpStatus> = {
  UserNotFound: HttpStatus.NOT_FOUND,
  BookNotFound: HttpStatus.NOT_FOUND,
  RentNotFound: HttpStatus.NOT_FOUND,
  HoldNotFound: HttpStatus.NOT_FOUND,
  EmailTaken: HttpStatus.CONFLICT,
  AlreadyRented: HttpStatus.CONFLICT,
  BorrowerOverdue: HttpStatus.CONFLICT,
  RentLimitReached: HttpStatus.CONFLICT,
  NoCopyAvailable: HttpStatus.CONFLICT,
  RentNotReopenable: HttpStatus.CONFLICT,
  RentNotOpen: HttpStatus.CONFLICT,
  RentNotLost: HttpStatus.CONFLICT,
  HoldsWaiting: HttpStatus.CONFLICT,
  RentOverdue: HttpStatus.CONFLICT,
  RenewalLimitReached: HttpStatus.CONFLICT,
  AlreadyOnHold: HttpStatus.CONFLICT,
  CopyAvailable: HttpStatus.CONFLICT,
  HoldLimitReached: HttpStatus.CONFLICT,
  BookHasOpenRents: HttpStatus.CONFLICT,
  BookHasHolds: HttpStatus.CONFLICT,
  UserHasOpenRents: HttpStatus.CONFLICT,
  OperationNotFound: HttpStatus.NOT_FOUND,
  OperationRunning: HttpStatus.CONFLICT,
  OperationEnded: HttpStatus.CONFLICT,
  InvalidIsbn: HttpStatus.UNPROCESSABLE_ENTITY,
  NoTitleColumn: HttpStatus.UNPROCESSABLE_ENTITY,
  MissingColumns: HttpStatus.UNPROCESSABLE_ENTITY,
  NoRecords: HttpStatus.UNPROCESSABLE_ENTITY,
};

/** What went wrong on the way, by the name that a service or the bus gives it. */
const failures = {
  MalformedMessage: HttpStatus.BAD_REQUEST,
  RevisionConflict: HttpStatus.PRECONDITION_FAILED,
  AppendTooLarge: HttpStatus.PAYLOAD_TOO_LARGE,
  MessageTooLarge: HttpStatus.PAYLOAD_TOO_LARGE,
  IdempotencyKeyReused: HttpStatus.UNPROCESSABLE_ENTITY,
  DeadlineExceeded: HttpStatus.SERVICE_UNAVAILABLE,
  NewerVersionNeeded: HttpStatus.SERVICE_UNAVAILABLE,
  NoAnswer: HttpStatus.SERVICE_UNAVAILABLE,
  ServiceUnavailable: HttpStatus.SERVICE_UNAVAILABLE,
  Overloaded: HttpStatus.SERVICE_UNAVAILABLE,
  StoreFailure: HttpStatus.SERVICE_UNAVAILABLE,
  StoreFull: HttpStatus.SERVICE_UNAVAILABLE,
} satisfies Record<string, number>;

/** What the edge refuses, or cannot do, by itself. */
const refusals = {
  SignInRequired: HttpStatus.UNAUTHORIZED,
  InvalidToken: HttpStatus.UNAUTHORIZED,
  LibrariansOnly: HttpStatus.FORBIDDEN,
  NotYours: HttpStatus.FORBIDDEN,
  TooManyRequests: HttpStatus.TOO_MANY_REQUESTS,
  IssuerUnavailable: HttpStatus.SERVICE_UNAVAILABLE,
  MalformedRequest: HttpStatus.BAD_REQUEST,
  MalformedBody: HttpStatus.BAD_REQUEST,
  InvalidBody: HttpStatus.BAD_REQUEST,
  InvalidParameter: HttpStatus.BAD_REQUEST,
  InvalidHeader: HttpStatus.BAD_REQUEST,
  NotFound: HttpStatus.NOT_FOUND,
  MethodNotAllowed: HttpStatus.METHOD_NOT_ALLOWED,
  NotAcceptable: HttpStatus.NOT_ACCEPTABLE,
  RequestTimeout: HttpStatus.REQUEST_TIMEOUT,
  InvalidRange: HttpStatus.UNPROCESSABLE_ENTITY,
  PreconditionFailed: HttpStatus.PRECONDITION_FAILED,
  BodyTooLarge: HttpStatus.PAYLOAD_TOO_LARGE,
  UnsupportedMediaType: HttpStatus.UNSUPPORTED_MEDIA_TYPE,
  HeadersTooLarge: 431,
  InternalError: HttpStatus.INTERNAL_SERVER_ERROR,
  ViewBehind: HttpStatus.SERVICE_UNAVAILABLE,
  ViewUnavailable: HttpStatus.SERVICE_UNAVAILABLE,
} satisfies Record<string, number>;

/** Every code that a problem can have; the status of each stands here and nowhere else. */
export const problemStatus = { ...rejections, ...failures, ...refusals };

export type ProblemCode = keyof typeof problemStatus;

export function isFailure(name: string): name is keyof typeof failures {
  return Object.hasOwn(failures, name);
}
