// Code generated from contracts/src by npm run generate. DO NOT EDIT.

package shelfmark

// Version is that of the contracts.
const Version = "0.1.0"

// NewEvent makes an empty payload of an event, to decode into; nil where the type is not known here.
func NewEvent(eventType string) interface{} {
	switch eventType {
	case "BookCreated":
		return new(BookCreated)
	case "BookUpdated":
		return new(BookUpdated)
	case "BookDeletionRequested":
		return new(BookDeletionRequested)
	case "BookDeletionRefused":
		return new(BookDeletionRefused)
	case "BookDeleted":
		return new(BookDeleted)
	case "UserCreated":
		return new(UserCreated)
	case "UserUpdated":
		return new(UserUpdated)
	case "UserDeletionRequested":
		return new(UserDeletionRequested)
	case "UserDeletionRefused":
		return new(UserDeletionRefused)
	case "UserDeleted":
		return new(UserDeleted)
	case "EmailClaimed":
		return new(EmailClaimed)
	case "EmailReleased":
		return new(EmailReleased)
	case "BookRentOpened":
		return new(BookRentOpened)
	case "CopiesChanged":
		return new(CopiesChanged)
	case "BookRented":
		return new(BookRented)
	case "BookReturned":
		return new(BookReturned)
	case "RentReopened":
		return new(RentReopened)
	case "RentRenewed":
		return new(RentRenewed)
	case "CopyLost":
		return new(CopyLost)
	case "CopyFound":
		return new(CopyFound)
	case "HoldPlaced":
		return new(HoldPlaced)
	case "HoldReady":
		return new(HoldReady)
	case "HoldCancelled":
		return new(HoldCancelled)
	case "HoldExpired":
		return new(HoldExpired)
	case "BookRentClosed":
		return new(BookRentClosed)
	case "BorrowerOpened":
		return new(BorrowerOpened)
	case "RentLimitChanged":
		return new(RentLimitChanged)
	case "RentTaken":
		return new(RentTaken)
	case "RentExtended":
		return new(RentExtended)
	case "RentEnded":
		return new(RentEnded)
	case "HoldTaken":
		return new(HoldTaken)
	case "HoldEnded":
		return new(HoldEnded)
	case "BorrowerClosed":
		return new(BorrowerClosed)
	case "ImportRequested":
		return new(ImportRequested)
	case "ImportStarted":
		return new(ImportStarted)
	case "ImportProgressed":
		return new(ImportProgressed)
	case "ImportCompleted":
		return new(ImportCompleted)
	case "ImportFailed":
		return new(ImportFailed)
	case "CommandQueued":
		return new(CommandQueued)
	case "AttemptStarted":
		return new(AttemptStarted)
	case "AttemptFailed":
		return new(AttemptFailed)
	case "OperationFailed":
		return new(OperationFailed)
	case "OperationRetried":
		return new(OperationRetried)
	case "OperationCompleted":
		return new(OperationCompleted)
	case "OperationRejected":
		return new(OperationRejected)
	case "OperationDeleted":
		return new(OperationDeleted)
	case "NoticeGiven":
		return new(NoticeGiven)
	case "NoticeMissed":
		return new(NoticeMissed)
	}
	return nil
}

// NewCommand makes an empty payload of a command; nil where the type is not known here.
func NewCommand(commandType string) interface{} {
	switch commandType {
	case "CreateBook":
		return new(CreateBook)
	case "UpdateBook":
		return new(UpdateBook)
	case "DeleteBook":
		return new(DeleteBook)
	case "ConfirmBookDeletion":
		return new(ConfirmBookDeletion)
	case "RefuseBookDeletion":
		return new(RefuseBookDeletion)
	case "RegisterUser":
		return new(RegisterUser)
	case "UpdateUser":
		return new(UpdateUser)
	case "DeleteUser":
		return new(DeleteUser)
	case "ConfirmUserDeletion":
		return new(ConfirmUserDeletion)
	case "RefuseUserDeletion":
		return new(RefuseUserDeletion)
	case "RentBook":
		return new(RentBook)
	case "TakeOverRent":
		return new(TakeOverRent)
	case "ReturnRent":
		return new(ReturnRent)
	case "ReturnBook":
		return new(ReturnBook)
	case "ReopenRent":
		return new(ReopenRent)
	case "RenewRent":
		return new(RenewRent)
	case "ReportCopyLost":
		return new(ReportCopyLost)
	case "ReportCopyFound":
		return new(ReportCopyFound)
	case "PlaceHold":
		return new(PlaceHold)
	case "CancelHold":
		return new(CancelHold)
	case "ExpireHolds":
		return new(ExpireHolds)
	case "OpenBookRent":
		return new(OpenBookRent)
	case "ChangeCopies":
		return new(ChangeCopies)
	case "CloseBookRent":
		return new(CloseBookRent)
	case "OpenBorrower":
		return new(OpenBorrower)
	case "ChangeRentLimit":
		return new(ChangeRentLimit)
	case "CloseBorrower":
		return new(CloseBorrower)
	}
	return nil
}

// CommandSubject is where a command is sent to on the bus; empty where the type is not known here.
func CommandSubject(commandType string) string {
	switch commandType {
	case "CreateBook":
		return "shelfmark.commands.book.CreateBook"
	case "UpdateBook":
		return "shelfmark.commands.book.UpdateBook"
	case "DeleteBook":
		return "shelfmark.commands.book.DeleteBook"
	case "ConfirmBookDeletion":
		return "shelfmark.commands.book.ConfirmBookDeletion"
	case "RefuseBookDeletion":
		return "shelfmark.commands.book.RefuseBookDeletion"
	case "RegisterUser":
		return "shelfmark.commands.user.RegisterUser"
	case "UpdateUser":
		return "shelfmark.commands.user.UpdateUser"
	case "DeleteUser":
		return "shelfmark.commands.user.DeleteUser"
	case "ConfirmUserDeletion":
		return "shelfmark.commands.user.ConfirmUserDeletion"
	case "RefuseUserDeletion":
		return "shelfmark.commands.user.RefuseUserDeletion"
	case "RentBook":
		return "shelfmark.commands.rent.RentBook"
	case "TakeOverRent":
		return "shelfmark.commands.rent.TakeOverRent"
	case "ReturnRent":
		return "shelfmark.commands.rent.ReturnRent"
	case "ReturnBook":
		return "shelfmark.commands.rent.ReturnBook"
	case "ReopenRent":
		return "shelfmark.commands.rent.ReopenRent"
	case "RenewRent":
		return "shelfmark.commands.rent.RenewRent"
	case "ReportCopyLost":
		return "shelfmark.commands.rent.ReportCopyLost"
	case "ReportCopyFound":
		return "shelfmark.commands.rent.ReportCopyFound"
	case "PlaceHold":
		return "shelfmark.commands.rent.PlaceHold"
	case "CancelHold":
		return "shelfmark.commands.rent.CancelHold"
	case "ExpireHolds":
		return "shelfmark.commands.rent.ExpireHolds"
	case "OpenBookRent":
		return "shelfmark.commands.rent.OpenBookRent"
	case "ChangeCopies":
		return "shelfmark.commands.rent.ChangeCopies"
	case "CloseBookRent":
		return "shelfmark.commands.rent.CloseBookRent"
	case "OpenBorrower":
		return "shelfmark.commands.rent.OpenBorrower"
	case "ChangeRentLimit":
		return "shelfmark.commands.rent.ChangeRentLimit"
	case "CloseBorrower":
		return "shelfmark.commands.rent.CloseBorrower"
	}
	return ""
}
