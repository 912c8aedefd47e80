// Code generated from contracts/src by npm run generate. DO NOT EDIT.

package shelfmark

import "time"

type RentID string

type HoldID string

// A title enters the catalogue.
type CreateBook struct {
	// How many copies the library has.
	Amount  int64     `json:"amount"`
	Authors *[]string `json:"authors,omitempty"`
	// The new book's id: the command's own id, so that a repeated creation is the same creation.
	BookID string `json:"bookId"`
	// ISBN-10 or ISBN-13, with or without hyphens; several books may share one.
	Isbn *string `json:"isbn,omitempty"`
	// As BCP 47 writes them.
	Languages *[]string `json:"languages,omitempty"`
	Subjects  *[]string `json:"subjects,omitempty"`
	Title     string    `json:"title"`
	// Year of publication; negative for BC.
	Year *int64 `json:"year,omitempty"`
}

// What is known of a title changes; a field left out stays as it is, null takes it away.
type UpdateBook struct {
	Amount  *int64           `json:"amount,omitempty"`
	Authors *[]string        `json:"authors,omitempty"`
	BookID  string           `json:"bookId"`
	Isbn    Nullable[string] `json:"isbn,omitempty"`
	// As BCP 47 writes them.
	Languages *[]string       `json:"languages,omitempty"`
	Subjects  *[]string       `json:"subjects,omitempty"`
	Title     *string         `json:"title,omitempty"`
	Year      Nullable[int64] `json:"year,omitempty"`
}

// A title is to leave the catalogue, unless copies are out or people wait for one.
type DeleteBook struct {
	BookID string `json:"bookId"`
}

// The lending desk has closed the book: its deletion goes through.
type ConfirmBookDeletion struct {
	BookID string `json:"bookId"`
}

// The lending desk cannot close the book: its deletion is off.
type RefuseBookDeletion struct {
	BookID string               `json:"bookId"`
	Code   BookDeletionObstacle `json:"code"`
}

// A title entered the catalogue.
type BookCreated struct {
	Amount  int64    `json:"amount"`
	Authors []string `json:"authors"`
	// ISBN-13 without hyphens.
	Isbn      *string  `json:"isbn,omitempty"`
	Languages []string `json:"languages"`
	Subjects  []string `json:"subjects"`
	Title     string   `json:"title"`
	Year      *int64   `json:"year,omitempty"`
}

// What is known of a title changed: only the fields named here, null where one was taken
// away.
type BookUpdated struct {
	Amount    *int64           `json:"amount,omitempty"`
	Authors   *[]string        `json:"authors,omitempty"`
	Isbn      Nullable[string] `json:"isbn,omitempty"`
	Languages *[]string        `json:"languages,omitempty"`
	Subjects  *[]string        `json:"subjects,omitempty"`
	Title     *string          `json:"title,omitempty"`
	Year      Nullable[int64]  `json:"year,omitempty"`
}

// Somebody asked to delete the book; the lending desk is being asked.
type BookDeletionRequested struct {
}

// The book stays, for it is being lent.
type BookDeletionRefused struct {
	Code BookDeletionObstacle `json:"code"`
}

// The book left the catalogue for good.
type BookDeleted struct {
}

// Asks book-service for what the lending desk must know of a book.
type GetBookFacts struct {
	BookID string `json:"bookId"`
}

// What the lending desk knows of a book, as its owner knew it at that revision.
type BookFacts struct {
	Amount int64         `json:"amount"`
	Exists bool          `json:"exists"`
	Source OwnerRevision `json:"source"`
}

// Which event of an owner's log a fact was last set by; facts of one log with a lower
// revision are older.
type OwnerRevision struct {
	LogID    string `json:"logId"`
	Revision int64  `json:"revision"`
}

// A person registers with the library.
type RegisterUser struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	// How many books they may have out at once.
	RentLimit *int64 `json:"rentLimit,omitempty"`
	// The new user's id: the command's own id, so that a repeated registration is the same
	// registration.
	UserID string `json:"userId"`
}

// What is known of a person changes; a field left out stays as it is.
type UpdateUser struct {
	Email     *string `json:"email,omitempty"`
	Name      *string `json:"name,omitempty"`
	RentLimit *int64  `json:"rentLimit,omitempty"`
	UserID    string  `json:"userId"`
}

// A person is to leave, unless they have books out.
type DeleteUser struct {
	UserID string `json:"userId"`
}

// The lending desk has closed the borrower: the deletion goes through.
type ConfirmUserDeletion struct {
	UserID string `json:"userId"`
}

// The lending desk cannot close the borrower: the deletion is off.
type RefuseUserDeletion struct {
	// Why a user cannot be deleted now.
	Code   UserDeletionObstacle `json:"code"`
	UserID string               `json:"userId"`
}

// A person registered.
type UserCreated struct {
	Email string `json:"email"`
	// The stream that holds the claim to the address.
	EmailClaim string `json:"emailClaim"`
	Name       string `json:"name"`
	RentLimit  int64  `json:"rentLimit"`
}

// What is known of a person changed: only the fields named here.
type UserUpdated struct {
	Email *string `json:"email,omitempty"`
	// The stream that holds the claim to the new address; absent when the old claim covers it.
	EmailClaim *string `json:"emailClaim,omitempty"`
	Name       *string `json:"name,omitempty"`
	RentLimit  *int64  `json:"rentLimit,omitempty"`
}

// Somebody asked to delete the user; the lending desk is being asked.
type UserDeletionRequested struct {
}

// The user stays, for they have books out.
type UserDeletionRefused struct {
	// Why a user cannot be deleted now.
	Code UserDeletionObstacle `json:"code"`
}

// The user left for good.
type UserDeleted struct {
}

// An address belongs to a user from now on.
type EmailClaimed struct {
	UserID string `json:"userId"`
}

// An address is free again.
type EmailReleased struct {
}

// Asks user-service for what the lending desk must know of a user.
type GetUserFacts struct {
	UserID string `json:"userId"`
}

// What the lending desk knows of a user, as their owner knew it at that revision.
type UserFacts struct {
	Exists    bool          `json:"exists"`
	RentLimit int64         `json:"rentLimit"`
	Source    OwnerRevision `json:"source"`
}

// Asks user-service who has an address.
type FindUser struct {
	Email string `json:"email"`
}

// Who has the address, if anybody.
type FoundUser struct {
	UserID *string `json:"userId,omitempty"`
}

// A person takes a copy of a book home.
type RentBook struct {
	BookID string `json:"bookId"`
	UserID string `json:"userId"`
}

// A copy has been out since before the library moved here: no rule asks who may take one,
// but there has to be one.
type TakeOverRent struct {
	BookID string `json:"bookId"`
	// The day by whose end it is to come back, in the library's time zone.
	DueOn string `json:"dueOn"`
	// The day when it went out.
	RentedOn *string `json:"rentedOn,omitempty"`
	UserID   string  `json:"userId"`
}

// A copy comes back, whoever brings it.
type ReturnRent struct {
	// The book's id and the rent's number within its stream.
	RentID string `json:"rentId"`
}

// A copy comes back, known by who has it out.
type ReturnBook struct {
	BookID string `json:"bookId"`
	UserID string `json:"userId"`
}

// A return was a mistake: the rent is to be open again as it was.
type ReopenRent struct {
	// The book's id and the rent's number within its stream.
	RentID string `json:"rentId"`
}

// The borrower keeps the copy longer: due anew as if it went out today, and never earlier
// than before.
type RenewRent struct {
	// The book's id and the rent's number within its stream.
	RentID string `json:"rentId"`
}

// A copy that is out will not come back: the rent is closed, and the copy counts no more.
type ReportCopyLost struct {
	// The book's id and the rent's number within its stream.
	RentID string `json:"rentId"`
}

// A lost copy is there again: it counts as before, and goes to who waits.
type ReportCopyFound struct {
	// The book's id and the rent's number within its stream.
	RentID string `json:"rentId"`
}

// A person waits for a copy of a book of which none is free.
type PlaceHold struct {
	BookID string `json:"bookId"`
	UserID string `json:"userId"`
}

// A person waits no longer, or does not want the copy that was set aside for them.
type CancelHold struct {
	// The book's id and the hold's number within its stream. Holds are counted apart from
	// rents, so the same text may also be
	// a rent's id: what it is the id of, the field's name says.
	HoldID string `json:"holdId"`
}

// Time has passed: what was set aside for people who did not come goes to the next ones.
type ExpireHolds struct {
	BookID string `json:"bookId"`
}

// The desk hears of a book from its owner: opens it for lending, or takes over what is
// newer.
type OpenBookRent struct {
	Amount int64         `json:"amount"`
	BookID string        `json:"bookId"`
	Source OwnerRevision `json:"source"`
}

// The number of copies changed at the owner; told only to a book that is open for lending.
type ChangeCopies struct {
	Amount int64         `json:"amount"`
	BookID string        `json:"bookId"`
	Source OwnerRevision `json:"source"`
}

// The book is leaving the catalogue: nothing of it is lent any more.
type CloseBookRent struct {
	BookID string `json:"bookId"`
}

// The desk hears of a user from their owner: opens them as a borrower, or takes over what
// is newer.
type OpenBorrower struct {
	RentLimit int64         `json:"rentLimit"`
	Source    OwnerRevision `json:"source"`
	UserID    string        `json:"userId"`
}

// The limit changed at the owner; told only to a borrower who is open.
type ChangeRentLimit struct {
	RentLimit int64         `json:"rentLimit"`
	Source    OwnerRevision `json:"source"`
	UserID    string        `json:"userId"`
}

// The user is leaving: nothing is lent to them any more, and they wait for nothing.
type CloseBorrower struct {
	UserID string `json:"userId"`
}

// A book can be lent from now on.
type BookRentOpened struct {
	Amount int64         `json:"amount"`
	Source OwnerRevision `json:"source"`
}

// The number of copies changed.
type CopiesChanged struct {
	Amount int64         `json:"amount"`
	Source OwnerRevision `json:"source"`
}

// A copy went out.
type BookRented struct {
	// The day by whose end it is to come back, in the library's time zone.
	DueOn string `json:"dueOn"`
	// The hold that ended with it: the copy is the one that was set aside for that hold.
	HoldID *string `json:"holdId,omitempty"`
	// The day when the copy went out, where that was before the library moved here.
	RentedOn *string `json:"rentedOn,omitempty"`
	RentID   string  `json:"rentId"`
	UserID   string  `json:"userId"`
}

// A rent is due later.
type RentRenewed struct {
	// The new day by whose end it is to come back.
	DueOn  string `json:"dueOn"`
	RentID string `json:"rentId"`
	UserID string `json:"userId"`
}

// A copy came back.
type BookReturned struct {
	RentID string `json:"rentId"`
	UserID string `json:"userId"`
}

// A return was undone: the rent is open as it was.
type RentReopened struct {
	DueOn  string `json:"dueOn"`
	RentID string `json:"rentId"`
	UserID string `json:"userId"`
}

// A copy that was out is lost: its rent is closed.
type CopyLost struct {
	RentID string `json:"rentId"`
	UserID string `json:"userId"`
}

// A lost copy is back.
type CopyFound struct {
	// The rent by which it was lost.
	RentID string `json:"rentId"`
	UserID string `json:"userId"`
}

// A person waits for a copy, after those who waited before.
type HoldPlaced struct {
	HoldID string `json:"holdId"`
	UserID string `json:"userId"`
}

// A copy is set aside for a person who waited.
type HoldReady struct {
	HoldID string `json:"holdId"`
	// The day by whose end it is to be picked up, in the library's time zone.
	PickupBy string `json:"pickupBy"`
	UserID   string `json:"userId"`
}

// A person waits no longer.
type HoldCancelled struct {
	HoldID string `json:"holdId"`
	UserID string `json:"userId"`
	// Whether a copy was set aside for it, which is free with that.
	WasReady bool `json:"wasReady"`
}

// A person did not come for the copy that was set aside for them: it is free again.
type HoldExpired struct {
	HoldID string `json:"holdId"`
	UserID string `json:"userId"`
}

// The book is lent no more.
type BookRentClosed struct {
}

// A person can borrow from now on.
type BorrowerOpened struct {
	RentLimit int64         `json:"rentLimit"`
	Source    OwnerRevision `json:"source"`
}

// The person's limit changed.
type RentLimitChanged struct {
	RentLimit int64         `json:"rentLimit"`
	Source    OwnerRevision `json:"source"`
}

// The person has one more book out.
type RentTaken struct {
	DueOn  string `json:"dueOn"`
	RentID string `json:"rentId"`
}

// The person has one book less out.
type RentEnded struct {
	RentID string `json:"rentId"`
}

// A rent of the person is due later.
type RentExtended struct {
	DueOn  string `json:"dueOn"`
	RentID string `json:"rentId"`
}

// The person waits for one more book.
type HoldTaken struct {
	HoldID string `json:"holdId"`
}

// The person waits for one book less: it went out to them, or they wait no longer.
type HoldEnded struct {
	HoldID string `json:"holdId"`
}

// The person borrows no more.
type BorrowerClosed struct {
}

// A command is to be carried out when its turn comes; whoever sent it does not wait for
// that.
type QueueCommand struct {
	// The command's type.
	Command string `json:"command"`
	// What the command carries.
	Data map[string]interface{} `json:"data"`
	// The revision that the caller saw.
	ExpectedRevision *int64 `json:"expectedRevision,omitempty"`
	// The operation's id: the id of the command that is to be carried out.
	OperationID string `json:"operationId"`
}

// An attempt to carry the command out is about to be made.
type StartAttempt struct {
	OperationID string `json:"operationId"`
	// The process that makes it.
	Worker string `json:"worker"`
}

// The command was carried out.
type CompleteOperation struct {
	Attempt     int64           `json:"attempt"`
	OperationID string          `json:"operationId"`
	Result      OperationResult `json:"result"`
}

// What a command that was carried out came to, as its sender would have been answered.
type OperationResult struct {
	// The id of what was made or changed.
	ID string `json:"id"`
	// The position of the command's last event in the service's log, in decimal; absent where
	// there was nothing to do.
	Position *string `json:"position,omitempty"`
	Revision int64   `json:"revision"`
}

// The command was refused, which is an answer too.
type RejectOperation struct {
	Attempt     int64            `json:"attempt"`
	OperationID string           `json:"operationId"`
	Rejection   OperationRefusal `json:"rejection"`
}

// Why a command was refused, as its sender would have been answered.
type OperationRefusal struct {
	Code   string  `json:"code"`
	Detail *string `json:"detail,omitempty"`
}

// The attempt came to nothing; whether there is another one depends on how many there were.
type FailAttempt struct {
	Attempt int64 `json:"attempt"`
	// The name of the error: never its text, which may hold anything.
	Error string `json:"error"`
	// From 0 to 1, by chance: how much of a half is taken off the pause, so that many do not
	// try again in step.
	Jitter      float64 `json:"jitter"`
	OperationID string  `json:"operationId"`
}

// Somebody wants an operation that failed, or waits for another attempt, to be tried now.
type RetryOperation struct {
	OperationID string `json:"operationId"`
}

// Somebody wants an operation to be tried no more.
type DeleteOperation struct {
	OperationID string `json:"operationId"`
}

// A command waits for its turn.
type CommandQueued struct {
	// The command's type.
	Command          string                 `json:"command"`
	Data             map[string]interface{} `json:"data"`
	ExpectedRevision *int64                 `json:"expectedRevision,omitempty"`
}

// A process sets about carrying the command out.
type AttemptStarted struct {
	// Counts from 1.
	Attempt int64 `json:"attempt"`
	// A process that has not said by then what came of it is gone.
	Until  time.Time `json:"until"`
	Worker string    `json:"worker"`
}

// The attempt came to nothing, and there will be another one.
type AttemptFailed struct {
	Attempt int64     `json:"attempt"`
	Error   string    `json:"error"`
	RetryAt time.Time `json:"retryAt"`
}

// The last attempt came to nothing too: the command stays until somebody has it tried
// again, or deletes it.
type OperationFailed struct {
	Attempt int64  `json:"attempt"`
	Error   string `json:"error"`
}

// Somebody has the command tried again.
type OperationRetried struct {
}

// The command was carried out.
type OperationCompleted struct {
	Attempt int64           `json:"attempt"`
	Result  OperationResult `json:"result"`
}

// The command was refused.
type OperationRejected struct {
	Attempt   int64            `json:"attempt"`
	Rejection OperationRefusal `json:"rejection"`
}

// The command will not be carried out: somebody took it out of the queue.
type OperationDeleted struct {
}

// Asks a service for a command that was queued with it.
type GetOperation struct {
	OperationID string `json:"operationId"`
}

// A queued command, where there is one.
type OperationFound struct {
	// A queued command, as its stream tells it.
	Operation *QueuedOperation `json:"operation,omitempty"`
}

// A queued command, as its stream tells it.
type QueuedOperation struct {
	// Who sent it: a principal's id; absent where that is not known.
	Actor *string `json:"actor,omitempty"`
	// How many attempts there were.
	Attempts int64 `json:"attempts"`
	// The command's type.
	Command string `json:"command"`
	// What the command carries; there as long as it may still be carried out.
	Data    map[string]interface{} `json:"data,omitempty"`
	EndedAt *time.Time             `json:"endedAt,omitempty"`
	// What came of those that failed, the latest last; of very many, the last ones.
	Failures []OperationFailure `json:"failures"`
	// The position of the operation's last event, in decimal.
	Position string    `json:"position"`
	QueuedAt time.Time `json:"queuedAt"`
	// Why a command was refused, as its sender would have been answered.
	Rejection *OperationRefusal `json:"rejection,omitempty"`
	// What a command that was carried out came to, as its sender would have been answered.
	Result *OperationResult `json:"result,omitempty"`
	// When the next attempt is due.
	RetryAt *time.Time     `json:"retryAt,omitempty"`
	State   OperationState `json:"state"`
}

// An attempt that came to nothing.
type OperationFailure struct {
	Attempt  int64     `json:"attempt"`
	Error    string    `json:"error"`
	FailedAt time.Time `json:"failedAt"`
}

// A title as the catalogue shows it.
type BookRow struct {
	Amount    int64     `json:"amount"`
	Authors   []string  `json:"authors"`
	CreatedAt time.Time `json:"createdAt"`
	ID        string    `json:"id"`
	// How many copies are not free: those that are out, those that are lost, and those set
	// aside for a hold that is ready.
	InUse     int64    `json:"inUse"`
	Isbn      *string  `json:"isbn"`
	Languages []string `json:"languages"`
	// Whether an event of it could not be shown, so that this is the state before.
	Parked    bool      `json:"parked"`
	Revision  int64     `json:"revision"`
	Subjects  []string  `json:"subjects"`
	Title     string    `json:"title"`
	UpdatedAt time.Time `json:"updatedAt"`
	Year      *int64    `json:"year"`
}

// A person's place in the queue for a book, and what became of it.
type HoldRow struct {
	BookID string `json:"bookId"`
	// When it was picked up, cancelled, or expired.
	EndedAt *time.Time `json:"endedAt"`
	ID      string     `json:"id"`
	Parked  bool       `json:"parked"`
	// The day by whose end the copy is to be picked up.
	PickupBy *string   `json:"pickupBy"`
	PlacedAt time.Time `json:"placedAt"`
	// When a copy was set aside.
	ReadyAt *time.Time `json:"readyAt"`
	// The rent by which the copy was picked up.
	RentID *string   `json:"rentId"`
	State  HoldState `json:"state"`
	UserID string    `json:"userId"`
}

// A command that was sent without waiting for its answer: where it is, and nothing of what
// it carries.
type QueueRow struct {
	// How many attempts there were.
	Attempts int64 `json:"attempts"`
	// The command's type.
	Command string `json:"command"`
	// The name of the error that the last one ended with, if it failed.
	Error *string `json:"error"`
	// The service's word and the operation's id in it.
	ID       string    `json:"id"`
	Parked   bool      `json:"parked"`
	QueuedAt time.Time `json:"queuedAt"`
	// When the next one is due.
	RetryAt *time.Time     `json:"retryAt"`
	State   OperationState `json:"state"`
}

// The library in numbers: what went out on some days, and how it is now.
type Statistics struct {
	// How many people have something out.
	ActiveBorrowers int64 `json:"activeBorrowers"`
	// Each of the days.
	Days []StatisticsOfDay `json:"days"`
	// The first of the days.
	From string `json:"from"`
	// How many titles of the catalogue never went out, up to 10,000.
	NeverRented int64 `json:"neverRented"`
	// How many copies are out.
	OpenRents int64 `json:"openRents"`
	// How many of them are out past their day.
	OverdueRents int64 `json:"overdueRents"`
	// How many books have events that could not be counted.
	ParkedBooks int64 `json:"parkedBooks"`
	// How many rents were renewed on these days.
	Renewals int64 `json:"renewals"`
	// How many copies went out on these days.
	Rents int64 `json:"rents"`
	// The IANA time zone in which the days begin and end.
	TimeZone string `json:"timeZone"`
	// The last of the days.
	To string `json:"to"`
}

// What went out on a day.
type StatisticsOfDay struct {
	Day      string `json:"day"`
	Renewals int64  `json:"renewals"`
	Rents    int64  `json:"rents"`
}

// Asks an owner what happened to one of its entities, a page at a time.
type GetHistory struct {
	// The revision that the page begins after, in that direction; without it, the page is the
	// first.
	After *int64 `json:"after,omitempty"`
	// From the oldest event forwards, or from the newest backwards.
	Direction HistoryDirection `json:"direction"`
	ID        string           `json:"id"`
	Limit     int64            `json:"limit"`
}

// A page of what happened to an entity, in the direction that was asked for.
type History struct {
	// Fewer than were asked for where more would not fit into one message.
	Entries []HistoryEntry `json:"entries"`
	// Whether others follow in that direction.
	More bool `json:"more"`
	// How many there are in all; none where the entity never was, or is nobody's to see any
	// more.
	Total int64 `json:"total"`
}

// Something that happened: what, when, by whom, and through which command.
type HistoryEntry struct {
	// Whose doing it was: a principal's id; absent where that is not known.
	Actor     *string `json:"actor,omitempty"`
	CommandID string  `json:"commandId"`
	// The same for everything that one request set in motion.
	CorrelationID string `json:"correlationId"`
	// What the event says, as the contract of its type has it.
	Data     map[string]interface{} `json:"data"`
	ID       string                 `json:"id"`
	Revision int64                  `json:"revision"`
	Time     time.Time              `json:"time"`
	// The event's type.
	Type string `json:"type"`
}

// Asks an owner for one of its entities as it was at an instant.
type GetStateAt struct {
	At time.Time `json:"at"`
	ID string    `json:"id"`
}

// A title at an instant, where it was in the catalogue then.
type BookAt struct {
	// A title as its owner has it.
	Book *CataloguedBook `json:"book,omitempty"`
}

// A title as its owner has it.
type CataloguedBook struct {
	Amount    int64     `json:"amount"`
	Authors   []string  `json:"authors"`
	CreatedAt time.Time `json:"createdAt"`
	ID        string    `json:"id"`
	Isbn      *string   `json:"isbn"`
	Languages []string  `json:"languages"`
	Revision  int64     `json:"revision"`
	Subjects  []string  `json:"subjects"`
	Title     string    `json:"title"`
	UpdatedAt time.Time `json:"updatedAt"`
	Year      *int64    `json:"year"`
}

// A person at an instant, where they were registered then and still are.
type UserAt struct {
	// A person as the desk sees them.
	User *UserRow `json:"user,omitempty"`
}

// A person as the desk sees them.
type UserRow struct {
	CreatedAt time.Time `json:"createdAt"`
	Email     string    `json:"email"`
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Parked    bool      `json:"parked"`
	RentLimit int64     `json:"rentLimit"`
	Revision  int64     `json:"revision"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// A rent at an instant, where it had begun by then.
type RentAt struct {
	// A rent: open, returned, or closed because the copy was lost.
	Rent *RentRow `json:"rent,omitempty"`
}

// A rent: open, returned, or closed because the copy was lost.
type RentRow struct {
	BookID string `json:"bookId"`
	DueOn  string `json:"dueOn"`
	ID     string `json:"id"`
	// When the copy was reported lost; a copy that was found since has both times.
	LostAt *time.Time `json:"lostAt"`
	Parked bool       `json:"parked"`
	// How often it was renewed.
	Renewals int64     `json:"renewals"`
	RentedAt time.Time `json:"rentedAt"`
	// When the copy came back: was returned, or was found again.
	ReturnedAt *time.Time `json:"returnedAt"`
	State      RentState  `json:"state"`
	UserID     string     `json:"userId"`
}

// Asks rent-service how many copies of a book were not free at an instant.
type GetCopiesOutAt struct {
	At     time.Time `json:"at"`
	BookID string    `json:"bookId"`
}

// How many copies of a book were not free: out, lost, or set aside for a hold.
type CopiesOutAt struct {
	InUse int64 `json:"inUse"`
}

// Asks for a place that a file can be sent to.
type OpenUpload struct {
	// How large the file will be, where that is known.
	Bytes *int64 `json:"bytes,omitempty"`
}

// Where a file can be sent to: one process keeps it, and only it can be told what to do
// with it.
type UploadPlace struct {
	// Stands for the aggregate in the subjects of what is sent to that process.
	Address  string `json:"address"`
	UploadID string `json:"uploadId"`
}

// A part of a file that is being sent.
type WriteUpload struct {
	// In base64; at most 128 KiB once decoded.
	Content string `json:"content"`
	// Where in the file it belongs.
	Offset   int64  `json:"offset"`
	UploadID string `json:"uploadId"`
}

// How much of that part is written; or why the file is of no use, as far as it has come.
type UploadWritten struct {
	Bytes *int64 `json:"bytes,omitempty"`
	// A file is not imported at all.
	Refusal *ImportRefusal `json:"refusal,omitempty"`
}

// A file is not imported at all.
type ImportRefusal struct {
	Code   ImportRejection `json:"code"`
	Detail string          `json:"detail"`
}

// No other part of a file will be sent.
type AbandonUpload struct {
	UploadID string `json:"uploadId"`
}

// All parts of a file were sent, and it is to be imported.
type CompleteUpload struct {
	DryRun   bool       `json:"dryRun"`
	File     ImportFile `json:"file"`
	ImportID string     `json:"importId"`
	UploadID string     `json:"uploadId"`
}

// A file, by what it holds.
type ImportFile struct {
	Bytes int64 `json:"bytes"`
	// In hexadecimal.
	Sha256 string `json:"sha256"`
}

// The rows of a file are to enter the catalogue.
type RequestImport struct {
	// Whether it is only to be said what would happen.
	DryRun bool       `json:"dryRun"`
	File   ImportFile `json:"file"`
	// The import's id: the command's own id, so that a repeated request is the same import.
	ImportID string `json:"importId"`
}

// The file is about to be read, from its first row.
type StartImport struct {
	Format   FileFormat `json:"format"`
	ImportID string     `json:"importId"`
}

// How a file turned out to be written.
type FileFormat struct {
	// Of CSV; of records, none.
	Columns []ImportColumn `json:"columns"`
	// Of CSV.
	Delimiter *string `json:"delimiter,omitempty"`
	// UTF-8, UTF-16LE, UTF-16BE or Windows-1252; of records in ISO 2709 each says which it is
	// in, MARC-8 or UTF-8.
	Encoding string `json:"encoding"`
	// Those that mean nothing here, as the file calls them.
	IgnoredColumns []string `json:"ignoredColumns"`
	// CSV where it is not said.
	Type *FileType `json:"type,omitempty"`
}

// A column of a file, and what it was taken for.
type ImportColumn struct {
	Field string `json:"field"`
	// As the file calls it.
	Name string `json:"name"`
}

// All rows up to here have been dealt with.
type RecordImportProgress struct {
	Bytes    int64         `json:"bytes"`
	ImportID string        `json:"importId"`
	Report   []ReportedRow `json:"report"`
	Tally    ImportTally   `json:"tally"`
}

// A row that came to something that its sender may want to know.
type ReportedRow struct {
	// The book that was meant, of a row about a book.
	BookID *string `json:"bookId,omitempty"`
	// The column at fault, as the file calls it; of a record of MARC 21, the field.
	Column *string `json:"column,omitempty"`
	// Where it begins in a file of lines; the first line is 1.
	Line    *int64     `json:"line,omitempty"`
	Outcome RowOutcome `json:"outcome"`
	Reason  string     `json:"reason"`
	// Which record it is in a file of records; the first is 1.
	Record *int64 `json:"record,omitempty"`
	// What was put right, where the row was damaged and it is certain what it had been.
	Repaired *RepairedValue `json:"repaired,omitempty"`
}

// What was put right, where the row was damaged and it is certain what it had been.
//
// A value that was read otherwise than it stands in the file.
type RepairedValue struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// How many rows came to what; together they are the rows that have been dealt with.
//
// Of all rows so far.
type ImportTally struct {
	Added        int64 `json:"added"`
	AlreadyThere int64 `json:"alreadyThere"`
	DeletedSince int64 `json:"deletedSince"`
	Different    int64 `json:"different"`
	Refused      int64 `json:"refused"`
}

// The last row has been dealt with.
type CompleteImport struct {
	ImportID string `json:"importId"`
}

// The rows that are left cannot be dealt with.
type FailImport struct {
	Code     ImportFailure `json:"code"`
	Detail   *string       `json:"detail,omitempty"`
	ImportID string        `json:"importId"`
}

// Somebody sent a file to be imported.
type ImportRequested struct {
	DryRun bool       `json:"dryRun"`
	File   ImportFile `json:"file"`
}

// The first row is about to be dealt with.
type ImportStarted struct {
	Format FileFormat `json:"format"`
}

// So far has the import come, in the order of the file.
type ImportProgressed struct {
	// How much of the file has been read.
	Bytes int64 `json:"bytes"`
	// Rows that are reported since the last progress, in the order of the file.
	Report []ReportedRow `json:"report"`
	// Of all rows so far.
	Tally ImportTally `json:"tally"`
}

// All rows have been dealt with.
type ImportCompleted struct {
	Tally ImportTally `json:"tally"`
}

// The import ended before the last row; what it had added stays.
type ImportFailed struct {
	Code   ImportFailure `json:"code"`
	Detail *string       `json:"detail,omitempty"`
}

// Asks how far an import is.
type GetImport struct {
	// The report begins after this place; without it, at its beginning.
	After    *string `json:"after,omitempty"`
	ImportID string  `json:"importId"`
	// How many rows of the report to give.
	Limit int64 `json:"limit"`
}

// How far an import is, and a page of its report.
type ImportProgress struct {
	// Without it there is no such import.
	Operation *ImportOperation `json:"operation,omitempty"`
}

// Without it there is no such import.
//
// An import, as its stream tells it.
type ImportOperation struct {
	BytesDone int64 `json:"bytesDone"`
	DryRun    bool  `json:"dryRun"`
	// Why an import ended before its last row.
	Failure    *ImportEnd `json:"failure,omitempty"`
	File       ImportFile `json:"file"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	// How a file turned out to be written.
	Format *FileFormat `json:"format,omitempty"`
	// Where the next page of the report begins.
	Next *string `json:"next,omitempty"`
	// The position of the import's last event, in decimal: whoever has seen it has seen what
	// the import added.
	Position string `json:"position"`
	// A page of it, in the order of the file.
	Report []ReportedRow `json:"report"`
	// How many rows are in the whole report; of a file with very many to report, the first ones.
	Reported    int64       `json:"reported"`
	RequestedAt time.Time   `json:"requestedAt"`
	Rows        int64       `json:"rows"`
	StartedAt   *time.Time  `json:"startedAt,omitempty"`
	State       ImportState `json:"state"`
	Tally       ImportTally `json:"tally"`
}

// Why an import ended before its last row.
type ImportEnd struct {
	Code   ImportFailure `json:"code"`
	Detail *string       `json:"detail,omitempty"`
}

// The time has come to tell somebody of something, if it is so.
type GiveNotice struct {
	// The id of the rent or the hold that it is about.
	About string     `json:"about"`
	Kind  NoticeKind `json:"kind"`
}

// Somebody is told of something: once for each kind, rent or hold, and day.
type NoticeGiven struct {
	// The id of the rent or the hold that it is about.
	About  string `json:"about"`
	BookID string `json:"bookId"`
	// The day by whose end the copy is to come back, or to be picked up.
	Day    string     `json:"day"`
	Kind   NoticeKind `json:"kind"`
	UserID string     `json:"userId"`
}

// It was too late to tell somebody: the day on which it would have been true has passed.
type NoticeMissed struct {
	// The id of the rent or the hold that it is about.
	About string     `json:"about"`
	Day   string     `json:"day"`
	Kind  NoticeKind `json:"kind"`
}

// Why a book cannot be deleted now.
type BookDeletionObstacle string

const (
	BookDeletionObstacleBookHasHolds     BookDeletionObstacle = "BookHasHolds"
	BookDeletionObstacleBookHasOpenRents BookDeletionObstacle = "BookHasOpenRents"
)

// Why book-service says no.
type BookRejection string

const (
	BookRejectionBookHasHolds     BookRejection = "BookHasHolds"
	BookRejectionBookHasOpenRents BookRejection = "BookHasOpenRents"
	BookRejectionBookNotFound     BookRejection = "BookNotFound"
	BookRejectionInvalidIsbn      BookRejection = "InvalidIsbn"
)

// Why a user cannot be deleted now.
type UserDeletionObstacle string

const (
	UserDeletionObstacleUserHasOpenRents UserDeletionObstacle = "UserHasOpenRents"
)

// Why user-service says no.
type UserRejection string

const (
	UserRejectionEmailTaken       UserRejection = "EmailTaken"
	UserRejectionUserHasOpenRents UserRejection = "UserHasOpenRents"
	UserRejectionUserNotFound     UserRejection = "UserNotFound"
)

// Why rent-service says no.
type RentRejection string

const (
	RentRejectionAlreadyOnHold       RentRejection = "AlreadyOnHold"
	RentRejectionAlreadyRented       RentRejection = "AlreadyRented"
	RentRejectionBorrowerOverdue     RentRejection = "BorrowerOverdue"
	RentRejectionCopyAvailable       RentRejection = "CopyAvailable"
	RentRejectionHoldLimitReached    RentRejection = "HoldLimitReached"
	RentRejectionHoldNotFound        RentRejection = "HoldNotFound"
	RentRejectionHoldsWaiting        RentRejection = "HoldsWaiting"
	RentRejectionNoCopyAvailable     RentRejection = "NoCopyAvailable"
	RentRejectionRenewalLimitReached RentRejection = "RenewalLimitReached"
	RentRejectionRentLimitReached    RentRejection = "RentLimitReached"
	RentRejectionRentNotFound        RentRejection = "RentNotFound"
	RentRejectionRentNotLost         RentRejection = "RentNotLost"
	RentRejectionRentNotOpen         RentRejection = "RentNotOpen"
	RentRejectionRentNotReopenable   RentRejection = "RentNotReopenable"
	RentRejectionBookHasHolds        RentRejection = "BookHasHolds"
	RentRejectionBookHasOpenRents    RentRejection = "BookHasOpenRents"
	RentRejectionBookNotFound        RentRejection = "BookNotFound"
	RentRejectionRentOverdue         RentRejection = "RentOverdue"
	RentRejectionUserHasOpenRents    RentRejection = "UserHasOpenRents"
	RentRejectionUserNotFound        RentRejection = "UserNotFound"
)

// Why an operation is not retried, or not deleted: there is none, it is under way, or it
// came to its end.
type OperationRejection string

const (
	OperationRejectionOperationEnded    OperationRejection = "OperationEnded"
	OperationRejectionOperationNotFound OperationRejection = "OperationNotFound"
	OperationRejectionOperationRunning  OperationRejection = "OperationRunning"
)

// Where a queued command is: its first three states are before an attempt, in one, and
// between two.
type OperationState string

const (
	OperationStateDelayed   OperationState = "delayed"
	OperationStateDeleted   OperationState = "deleted"
	OperationStateCompleted OperationState = "completed"
	OperationStateFailed    OperationState = "failed"
	OperationStateQueued    OperationState = "queued"
	OperationStateRunning   OperationState = "running"
	OperationStateRejected  OperationState = "rejected"
)

// What a hold is now.
type HoldState string

const (
	HoldStateCancelled HoldState = "cancelled"
	HoldStateExpired   HoldState = "expired"
	HoldStatePickedUp  HoldState = "pickedUp"
	HoldStateReady     HoldState = "ready"
	HoldStateWaiting   HoldState = "waiting"
)

// From the oldest event forwards, or from the newest backwards.
//
// Which way a history is read.
type HistoryDirection string

const (
	HistoryDirectionBackwards HistoryDirection = "backwards"
	HistoryDirectionForwards  HistoryDirection = "forwards"
)

// What a rent is now. One whose lost copy was found again is returned.
type RentState string

const (
	RentStateLost     RentState = "lost"
	RentStateOpen     RentState = "open"
	RentStateReturned RentState = "returned"
)

// Why a file is not imported at all: a table has no column of titles or another that it
// needs, or a file no records.
type ImportRejection string

const (
	ImportRejectionNoTitleColumn  ImportRejection = "NoTitleColumn"
	ImportRejectionMissingColumns ImportRejection = "MissingColumns"
	ImportRejectionNoRecords      ImportRejection = "NoRecords"
)

// CSV where it is not said.
//
// Rows of a table; or records of MARC 21, in ISO 2709 or in XML.
type FileType string

const (
	FileTypeCsv     FileType = "csv"
	FileTypeMarc    FileType = "marc"
	FileTypeMarcxml FileType = "marcxml"
)

// What a row came to: its book was added, was there, was deleted after an earlier import of
// it, or is there with other content; or the
// row is no book.
type RowOutcome string

const (
	RowOutcomeAdded        RowOutcome = "added"
	RowOutcomeAlreadyThere RowOutcome = "alreadyThere"
	RowOutcomeDeletedSince RowOutcome = "deletedSince"
	RowOutcomeDifferent    RowOutcome = "different"
	RowOutcomeRefused      RowOutcome = "refused"
)

// Why an import ended before its last row: the file is gone or has no column that it needs,
// or the program went wrong.
type ImportFailure string

const (
	ImportFailureFileMissing   ImportFailure = "FileMissing"
	ImportFailureNoTitleColumn ImportFailure = "NoTitleColumn"
	ImportFailureInternalError ImportFailure = "InternalError"
)

// What an import is doing.
type ImportState string

const (
	ImportStateCompleted ImportState = "completed"
	ImportStateFailed    ImportState = "failed"
	ImportStateQueued    ImportState = "queued"
	ImportStateRunning   ImportState = "running"
)

// What people are told of: a copy waits for them, is due on the next day, or was due.
type NoticeKind string

const (
	NoticeKindHoldReady       NoticeKind = "HoldReady"
	NoticeKindRentOverdue     NoticeKind = "RentOverdue"
	NoticeKindRentDueTomorrow NoticeKind = "RentDueTomorrow"
)
