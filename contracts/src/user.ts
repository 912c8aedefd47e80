import type { OwnerRevision } from './book.js';

/** A person registers with the library. */
export interface RegisterUser {
  /**
   * The new user's id: the command's own id, so that a repeated registration is the same registration.
   * @format uuid
   */
  userId: string;
  /**
   * @minLength 1
   * @maxLength 200
   * @pattern \S
   */
  name: string;
  /**
   * @minLength 3
   * @maxLength 320
   * @pattern ^\s*[^\s@]+@[^\s@]+\s*$
   */
  email: string;
  /**
   * How many books they may have out at once.
   * @TJS-type integer
   * @minimum 0
   * @maximum 100
   */
  rentLimit?: number;
}

/** What is known of a person changes; a field left out stays as it is. */
export interface UpdateUser {
  /** @format uuid */
  userId: string;
  /**
   * @minLength 1
   * @maxLength 200
   * @pattern \S
   */
  name?: string;
  /**
   * @minLength 3
   * @maxLength 320
   * @pattern ^\s*[^\s@]+@[^\s@]+\s*$
   */
  email?: string;
  /**
   * @TJS-type integer
   * @minimum 0
   * @maximum 100
   */
  rentLimit?: number;
}

/** A person is to leave, unless they have books out. */
export interface DeleteUser {
  /** @format uuid */
  userId: string;
}

/** The lending desk has closed the borrower: the deletion goes through. */
export interface ConfirmUserDeletion {
  /** @format uuid */
  userId: string;
}

/** The lending desk cannot close the borrower: the deletion is off. */
export interface RefuseUserDeletion {
  /** @format uuid */
  userId: string;
  code: UserDeletionObstacle;
}

/** Why a user cannot be deleted now. */
export type UserDeletionObstacle = 'UserHasOpenRents';

/** A person registered. */
export interface UserCreated {
  name: string;
  email: string;
  /** The stream that holds the claim to the address. */
  emailClaim: string;
  /** @TJS-type integer */
  rentLimit: number;
}

/** What is known of a person changed: only the fields named here. */
export interface UserUpdated {
  name?: string;
  email?: string;
  /** The stream that holds the claim to the new address; absent when the old claim covers it. */
  emailClaim?: string;
  /** @TJS-type integer */
  rentLimit?: number;
}

/** Somebody asked to delete the user; the lending desk is being asked. */
export interface UserDeletionRequested {}

/** The user stays, for they have books out. */
export interface UserDeletionRefused {
  code: UserDeletionObstacle;
}

/** The user left for good. */
export interface UserDeleted {}

/** An address belongs to a user from now on. */
export interface EmailClaimed {
  /** @format uuid */
  userId: string;
}

/** An address is free again. */
export interface EmailReleased {}

/** What user-service does when told. */
export interface UserCommands {
  RegisterUser: RegisterUser;
  UpdateUser: UpdateUser;
  DeleteUser: DeleteUser;
  /** @from user-service */
  ConfirmUserDeletion: ConfirmUserDeletion;
  /** @from user-service */
  RefuseUserDeletion: RefuseUserDeletion;
}

/** What happens in a User stream. */
export interface UserEvents {
  UserCreated: UserCreated;
  UserUpdated: UserUpdated;
  UserDeletionRequested: UserDeletionRequested;
  UserDeletionRefused: UserDeletionRefused;
  UserDeleted: UserDeleted;
}

/** What happens in a UserEmail stream, one for every address that was ever used. */
export interface UserEmailEvents {
  EmailClaimed: EmailClaimed;
  EmailReleased: EmailReleased;
}

/** Why user-service says no. */
export type UserRejection = 'UserNotFound' | 'EmailTaken' | UserDeletionObstacle;

/** Asks user-service for what the lending desk must know of a user. */
export interface GetUserFacts {
  /** @format uuid */
  userId: string;
}

/** What the lending desk knows of a user, as their owner knew it at that revision. */
export interface UserFacts {
  exists: boolean;
  /** @TJS-type integer */
  rentLimit: number;
  source: OwnerRevision;
}

/** Asks user-service who has an address. */
export interface FindUser {
  /**
   * @minLength 3
   * @maxLength 320
   */
  email: string;
}

/** Who has the address, if anybody. */
export interface FoundUser {
  userId?: string;
}

/** What user-service answers when asked. */
export interface UserQueries {
  /** @from rent-service */
  GetUserFacts: GetUserFacts;
  /** @from rent-service */
  FindUser: FindUser;
}
