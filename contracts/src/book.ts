/** A title enters the catalogue. */
export interface CreateBook {
  /**
   * The new book's id: the command's own id, so that a repeated creation is the same creation.
   * @format uuid
   */
  bookId: string;
  /**
   * @minLength 1
   * @maxLength 2000
   * @pattern \S
   */
  title: string;
  /**
   * @maxItems 100
   * @items.minLength 1
   * @items.maxLength 500
   * @items.pattern \S
   */
  authors?: string[];
  /**
   * ISBN-10 or ISBN-13, with or without hyphens; several books may share one.
   * @minLength 1
   * @maxLength 40
   */
  isbn?: string;
  /**
   * As BCP 47 writes them.
   * @maxItems 50
   * @items.minLength 1
   * @items.maxLength 35
   * @items.pattern ^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$
   */
  languages?: string[];
  /**
   * @maxItems 200
   * @items.minLength 1
   * @items.maxLength 500
   * @items.pattern \S
   */
  subjects?: string[];
  /**
   * Year of publication; negative for BC.
   * @TJS-type integer
   * @minimum -9999
   * @maximum 9999
   */
  year?: number;
  /**
   * How many copies the library has.
   * @TJS-type integer
   * @minimum 0
   * @maximum 10000
   */
  amount: number;
}

/** What is known of a title changes; a field left out stays as it is, null takes it away. */
export interface UpdateBook {
  /** @format uuid */
  bookId: string;
  /**
   * @minLength 1
   * @maxLength 2000
   * @pattern \S
   */
  title?: string;
  /**
   * @maxItems 100
   * @items.minLength 1
   * @items.maxLength 500
   * @items.pattern \S
   */
  authors?: string[];
  /**
   * @minLength 1
   * @maxLength 40
   */
  isbn?: string | null;
  /**
   * As BCP 47 writes them.
   * @maxItems 50
   * @items.minLength 1
   * @items.maxLength 35
   * @items.pattern ^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$
   */
  languages?: string[];
  /**
   * @maxItems 200
   * @items.minLength 1
   * @items.maxLength 500
   * @items.pattern \S
   */
  subjects?: string[];
  /**
   * @TJS-type ["integer","null"]
   * @minimum -9999
   * @maximum 9999
   */
  year?: number | null;
  /**
   * @TJS-type integer
   * @minimum 0
   * @maximum 10000
   */
  amount?: number;
}

/** A title is to leave the catalogue, unless copies are out or people wait for one. */
export interface DeleteBook {
  /** @format uuid */
  bookId: string;
}

/** The lending desk has closed the book: its deletion goes through. */
export interface ConfirmBookDeletion {
  /** @format uuid */
  bookId: string;
}

/** The lending desk cannot close the book: its deletion is off. */
export interface RefuseBookDeletion {
  /** @format uuid */
  bookId: string;
  code: BookDeletionObstacle;
}

/** Why a book cannot be deleted now. */
export type BookDeletionObstacle = 'BookHasOpenRents' | 'BookHasHolds';

/** A title entered the catalogue. */
export interface BookCreated {
  title: string;
  authors: string[];
  /** ISBN-13 without hyphens. */
  isbn?: string;
  languages: string[];
  subjects: string[];
  /** @TJS-type integer */
  year?: number;
  /** @TJS-type integer */
  amount: number;
}

/** What is known of a title changed: only the fields named here, null where one was taken away. */
export interface BookUpdated {
  title?: string;
  authors?: string[];
  isbn?: string | null;
  languages?: string[];
  subjects?: string[];
  /** @TJS-type ["integer","null"] */
  year?: number | null;
  /** @TJS-type integer */
  amount?: number;
}

/** Somebody asked to delete the book; the lending desk is being asked. */
export interface BookDeletionRequested {}

/** The book stays, for it is being lent. */
export interface BookDeletionRefused {
  code: BookDeletionObstacle;
}

/** The book left the catalogue for good. */
export interface BookDeleted {}

/** What book-service does when told. */
export interface BookCommands {
  CreateBook: CreateBook;
  UpdateBook: UpdateBook;
  DeleteBook: DeleteBook;
  /** @from book-service */
  ConfirmBookDeletion: ConfirmBookDeletion;
  /** @from book-service */
  RefuseBookDeletion: RefuseBookDeletion;
}

/** What happens in a Book stream. */
export interface BookEvents {
  BookCreated: BookCreated;
  BookUpdated: BookUpdated;
  BookDeletionRequested: BookDeletionRequested;
  BookDeletionRefused: BookDeletionRefused;
  BookDeleted: BookDeleted;
}

/** Why book-service says no. */
export type BookRejection = 'BookNotFound' | 'InvalidIsbn' | BookDeletionObstacle;

/** Asks book-service for what the lending desk must know of a book. */
export interface GetBookFacts {
  /** @format uuid */
  bookId: string;
}

/** What the lending desk knows of a book, as its owner knew it at that revision. */
export interface BookFacts {
  exists: boolean;
  /** @TJS-type integer */
  amount: number;
  source: OwnerRevision;
}

/** Which event of an owner's log a fact was last set by; facts of one log with a lower revision are older. */
export interface OwnerRevision {
  logId: string;
  /** @TJS-type integer */
  revision: number;
}

/** What book-service answers when asked. */
export interface BookQueries {
  /** @from rent-service */
  GetBookFacts: GetBookFacts;
}
