# Generated from contracts/src by npm run generate; do not edit.
from dataclasses import dataclass
from uuid import UUID
from typing import List, Optional, Any, Dict, TypeVar, Callable, Type, cast, Union
from enum import Enum
from datetime import datetime
import dateutil.parser


T = TypeVar("T")
EnumT = TypeVar("EnumT", bound=Enum)


class Absent(Enum):
    """What a field that was left out holds, where None stands for one that is null."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


def from_int(x: Any) -> int:
    assert isinstance(x, int) and not isinstance(x, bool)
    return x


def from_str(x: Any) -> str:
    assert isinstance(x, str)
    return x


def from_list(f: Callable[[Any], T], x: Any) -> List[T]:
    assert isinstance(x, list)
    return [f(y) for y in x]


def from_none(x: Any) -> Any:
    assert x is None
    return x


def from_union(fs, x):
    for f in fs:
        try:
            return f(x)
        except:
            pass
    assert False


def to_enum(c: Type[EnumT], x: Any) -> EnumT:
    assert isinstance(x, c)
    return x.value


def from_bool(x: Any) -> bool:
    assert isinstance(x, bool)
    return x


def to_class(c: Type[T], x: Any) -> dict:
    assert isinstance(x, c)
    return cast(Any, x).to_dict()


def from_dict(f: Callable[[Any], T], x: Any) -> Dict[str, T]:
    assert isinstance(x, dict)
    return { k: f(v) for (k, v) in x.items() }


def from_float(x: Any) -> float:
    assert isinstance(x, (float, int)) and not isinstance(x, bool)
    return float(x)


def to_float(x: Any) -> float:
    assert isinstance(x, (int, float))
    return x


def from_datetime(x: Any) -> datetime:
    return dateutil.parser.parse(x)


@dataclass
class CreateBook:
    """A title enters the catalogue."""

    amount: int
    """How many copies the library has."""

    book_id: UUID
    """The new book's id: the command's own id, so that a repeated creation is the same creation."""

    title: str
    authors: Optional[List[str]] = None
    isbn: Optional[str] = None
    """ISBN-10 or ISBN-13, with or without hyphens; several books may share one."""

    languages: Optional[List[str]] = None
    """As BCP 47 writes them."""

    subjects: Optional[List[str]] = None
    year: Optional[int] = None
    """Year of publication; negative for BC."""

    @staticmethod
    def from_dict(obj: Any) -> 'CreateBook':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        book_id = UUID(obj.get("bookId"))
        title = from_str(obj.get("title"))
        authors = from_union([lambda x: from_list(from_str, x), from_none], obj.get("authors"))
        isbn = from_union([from_str, from_none], obj.get("isbn"))
        languages = from_union([lambda x: from_list(from_str, x), from_none], obj.get("languages"))
        subjects = from_union([lambda x: from_list(from_str, x), from_none], obj.get("subjects"))
        year = from_union([from_int, from_none], obj.get("year"))
        return CreateBook(amount, book_id, title, authors, isbn, languages, subjects, year)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["bookId"] = str(self.book_id)
        result["title"] = from_str(self.title)
        if self.authors is not None:
            result["authors"] = from_union([lambda x: from_list(from_str, x), from_none], self.authors)
        if self.isbn is not None:
            result["isbn"] = from_union([from_str, from_none], self.isbn)
        if self.languages is not None:
            result["languages"] = from_union([lambda x: from_list(from_str, x), from_none], self.languages)
        if self.subjects is not None:
            result["subjects"] = from_union([lambda x: from_list(from_str, x), from_none], self.subjects)
        if self.year is not None:
            result["year"] = from_union([from_int, from_none], self.year)
        return result


@dataclass
class UpdateBook:
    """What is known of a title changes; a field left out stays as it is, null takes it away."""

    book_id: UUID
    amount: Optional[int] = None
    authors: Optional[List[str]] = None
    isbn: Union[Absent, None, str] = ABSENT
    languages: Optional[List[str]] = None
    """As BCP 47 writes them."""

    subjects: Optional[List[str]] = None
    title: Optional[str] = None
    year: Union[Absent, None, int] = ABSENT

    @staticmethod
    def from_dict(obj: Any) -> 'UpdateBook':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        amount = from_union([from_int, from_none], obj.get("amount"))
        authors = from_union([lambda x: from_list(from_str, x), from_none], obj.get("authors"))
        isbn = from_union([from_none, from_str], obj["isbn"]) if "isbn" in obj else ABSENT
        languages = from_union([lambda x: from_list(from_str, x), from_none], obj.get("languages"))
        subjects = from_union([lambda x: from_list(from_str, x), from_none], obj.get("subjects"))
        title = from_union([from_str, from_none], obj.get("title"))
        year = from_union([from_none, from_int], obj["year"]) if "year" in obj else ABSENT
        return UpdateBook(book_id, amount, authors, isbn, languages, subjects, title, year)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        if self.amount is not None:
            result["amount"] = from_union([from_int, from_none], self.amount)
        if self.authors is not None:
            result["authors"] = from_union([lambda x: from_list(from_str, x), from_none], self.authors)
        if self.isbn is not ABSENT:
            result["isbn"] = from_union([from_none, from_str], self.isbn)
        if self.languages is not None:
            result["languages"] = from_union([lambda x: from_list(from_str, x), from_none], self.languages)
        if self.subjects is not None:
            result["subjects"] = from_union([lambda x: from_list(from_str, x), from_none], self.subjects)
        if self.title is not None:
            result["title"] = from_union([from_str, from_none], self.title)
        if self.year is not ABSENT:
            result["year"] = from_union([from_none, from_int], self.year)
        return result


@dataclass
class DeleteBook:
    """A title is to leave the catalogue, unless copies are out or people wait for one."""

    book_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'DeleteBook':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        return DeleteBook(book_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        return result


@dataclass
class ConfirmBookDeletion:
    """The lending desk has closed the book: its deletion goes through."""

    book_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'ConfirmBookDeletion':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        return ConfirmBookDeletion(book_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        return result


class BookDeletionObstacle(Enum):
    """Why a book cannot be deleted now."""

    BOOK_HAS_HOLDS = "BookHasHolds"
    BOOK_HAS_OPEN_RENTS = "BookHasOpenRents"


@dataclass
class RefuseBookDeletion:
    """The lending desk cannot close the book: its deletion is off."""

    book_id: UUID
    code: BookDeletionObstacle

    @staticmethod
    def from_dict(obj: Any) -> 'RefuseBookDeletion':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        code = BookDeletionObstacle(obj.get("code"))
        return RefuseBookDeletion(book_id, code)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        result["code"] = to_enum(BookDeletionObstacle, self.code)
        return result


@dataclass
class BookCreated:
    """A title entered the catalogue."""

    amount: int
    authors: List[str]
    languages: List[str]
    subjects: List[str]
    title: str
    isbn: Optional[str] = None
    """ISBN-13 without hyphens."""

    year: Optional[int] = None

    @staticmethod
    def from_dict(obj: Any) -> 'BookCreated':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        authors = from_list(from_str, obj.get("authors"))
        languages = from_list(from_str, obj.get("languages"))
        subjects = from_list(from_str, obj.get("subjects"))
        title = from_str(obj.get("title"))
        isbn = from_union([from_str, from_none], obj.get("isbn"))
        year = from_union([from_int, from_none], obj.get("year"))
        return BookCreated(amount, authors, languages, subjects, title, isbn, year)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["authors"] = from_list(from_str, self.authors)
        result["languages"] = from_list(from_str, self.languages)
        result["subjects"] = from_list(from_str, self.subjects)
        result["title"] = from_str(self.title)
        if self.isbn is not None:
            result["isbn"] = from_union([from_str, from_none], self.isbn)
        if self.year is not None:
            result["year"] = from_union([from_int, from_none], self.year)
        return result


@dataclass
class BookUpdated:
    """What is known of a title changed: only the fields named here, null where one was taken
    away.
    """
    amount: Optional[int] = None
    authors: Optional[List[str]] = None
    isbn: Union[Absent, None, str] = ABSENT
    languages: Optional[List[str]] = None
    subjects: Optional[List[str]] = None
    title: Optional[str] = None
    year: Union[Absent, None, int] = ABSENT

    @staticmethod
    def from_dict(obj: Any) -> 'BookUpdated':
        assert isinstance(obj, dict)
        amount = from_union([from_int, from_none], obj.get("amount"))
        authors = from_union([lambda x: from_list(from_str, x), from_none], obj.get("authors"))
        isbn = from_union([from_none, from_str], obj["isbn"]) if "isbn" in obj else ABSENT
        languages = from_union([lambda x: from_list(from_str, x), from_none], obj.get("languages"))
        subjects = from_union([lambda x: from_list(from_str, x), from_none], obj.get("subjects"))
        title = from_union([from_str, from_none], obj.get("title"))
        year = from_union([from_int, from_none], obj["year"]) if "year" in obj else ABSENT
        return BookUpdated(amount, authors, isbn, languages, subjects, title, year)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.amount is not None:
            result["amount"] = from_union([from_int, from_none], self.amount)
        if self.authors is not None:
            result["authors"] = from_union([lambda x: from_list(from_str, x), from_none], self.authors)
        if self.isbn is not ABSENT:
            result["isbn"] = from_union([from_none, from_str], self.isbn)
        if self.languages is not None:
            result["languages"] = from_union([lambda x: from_list(from_str, x), from_none], self.languages)
        if self.subjects is not None:
            result["subjects"] = from_union([lambda x: from_list(from_str, x), from_none], self.subjects)
        if self.title is not None:
            result["title"] = from_union([from_str, from_none], self.title)
        if self.year is not ABSENT:
            result["year"] = from_union([from_int, from_none], self.year)
        return result


@dataclass
class BookDeletionRequested:
    """Somebody asked to delete the book; the lending desk is being asked."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'BookDeletionRequested':
        assert isinstance(obj, dict)
        return BookDeletionRequested()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


@dataclass
class BookDeletionRefused:
    """The book stays, for it is being lent."""

    code: BookDeletionObstacle

    @staticmethod
    def from_dict(obj: Any) -> 'BookDeletionRefused':
        assert isinstance(obj, dict)
        code = BookDeletionObstacle(obj.get("code"))
        return BookDeletionRefused(code)

    def to_dict(self) -> dict:
        result: dict = {}
        result["code"] = to_enum(BookDeletionObstacle, self.code)
        return result


@dataclass
class BookDeleted:
    """The book left the catalogue for good."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'BookDeleted':
        assert isinstance(obj, dict)
        return BookDeleted()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


class BookRejection(Enum):
    """Why book-service says no."""

    BOOK_HAS_HOLDS = "BookHasHolds"
    BOOK_HAS_OPEN_RENTS = "BookHasOpenRents"
    BOOK_NOT_FOUND = "BookNotFound"
    INVALID_ISBN = "InvalidIsbn"


@dataclass
class GetBookFacts:
    """Asks book-service for what the lending desk must know of a book."""

    book_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'GetBookFacts':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        return GetBookFacts(book_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        return result


@dataclass
class OwnerRevision:
    """Which event of an owner's log a fact was last set by; facts of one log with a lower
    revision are older.
    """
    log_id: str
    revision: int

    @staticmethod
    def from_dict(obj: Any) -> 'OwnerRevision':
        assert isinstance(obj, dict)
        log_id = from_str(obj.get("logId"))
        revision = from_int(obj.get("revision"))
        return OwnerRevision(log_id, revision)

    def to_dict(self) -> dict:
        result: dict = {}
        result["logId"] = from_str(self.log_id)
        result["revision"] = from_int(self.revision)
        return result


@dataclass
class BookFacts:
    """What the lending desk knows of a book, as its owner knew it at that revision."""

    amount: int
    exists: bool
    source: OwnerRevision

    @staticmethod
    def from_dict(obj: Any) -> 'BookFacts':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        exists = from_bool(obj.get("exists"))
        source = OwnerRevision.from_dict(obj.get("source"))
        return BookFacts(amount, exists, source)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["exists"] = from_bool(self.exists)
        result["source"] = to_class(OwnerRevision, self.source)
        return result


@dataclass
class RegisterUser:
    """A person registers with the library."""

    email: str
    name: str
    user_id: UUID
    """The new user's id: the command's own id, so that a repeated registration is the same
    registration.
    """
    rent_limit: Optional[int] = None
    """How many books they may have out at once."""

    @staticmethod
    def from_dict(obj: Any) -> 'RegisterUser':
        assert isinstance(obj, dict)
        email = from_str(obj.get("email"))
        name = from_str(obj.get("name"))
        user_id = UUID(obj.get("userId"))
        rent_limit = from_union([from_int, from_none], obj.get("rentLimit"))
        return RegisterUser(email, name, user_id, rent_limit)

    def to_dict(self) -> dict:
        result: dict = {}
        result["email"] = from_str(self.email)
        result["name"] = from_str(self.name)
        result["userId"] = str(self.user_id)
        if self.rent_limit is not None:
            result["rentLimit"] = from_union([from_int, from_none], self.rent_limit)
        return result


@dataclass
class UpdateUser:
    """What is known of a person changes; a field left out stays as it is."""

    user_id: UUID
    email: Optional[str] = None
    name: Optional[str] = None
    rent_limit: Optional[int] = None

    @staticmethod
    def from_dict(obj: Any) -> 'UpdateUser':
        assert isinstance(obj, dict)
        user_id = UUID(obj.get("userId"))
        email = from_union([from_str, from_none], obj.get("email"))
        name = from_union([from_str, from_none], obj.get("name"))
        rent_limit = from_union([from_int, from_none], obj.get("rentLimit"))
        return UpdateUser(user_id, email, name, rent_limit)

    def to_dict(self) -> dict:
        result: dict = {}
        result["userId"] = str(self.user_id)
        if self.email is not None:
            result["email"] = from_union([from_str, from_none], self.email)
        if self.name is not None:
            result["name"] = from_union([from_str, from_none], self.name)
        if self.rent_limit is not None:
            result["rentLimit"] = from_union([from_int, from_none], self.rent_limit)
        return result


@dataclass
class DeleteUser:
    """A person is to leave, unless they have books out."""

    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'DeleteUser':
        assert isinstance(obj, dict)
        user_id = UUID(obj.get("userId"))
        return DeleteUser(user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["userId"] = str(self.user_id)
        return result


@dataclass
class ConfirmUserDeletion:
    """The lending desk has closed the borrower: the deletion goes through."""

    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'ConfirmUserDeletion':
        assert isinstance(obj, dict)
        user_id = UUID(obj.get("userId"))
        return ConfirmUserDeletion(user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["userId"] = str(self.user_id)
        return result


class UserDeletionObstacle(Enum):
    """Why a user cannot be deleted now."""

    USER_HAS_OPEN_RENTS = "UserHasOpenRents"


@dataclass
class RefuseUserDeletion:
    """The lending desk cannot close the borrower: the deletion is off."""

    code: UserDeletionObstacle
    """Why a user cannot be deleted now."""

    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'RefuseUserDeletion':
        assert isinstance(obj, dict)
        code = UserDeletionObstacle(obj.get("code"))
        user_id = UUID(obj.get("userId"))
        return RefuseUserDeletion(code, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["code"] = to_enum(UserDeletionObstacle, self.code)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class UserCreated:
    """A person registered."""

    email: str
    email_claim: str
    """The stream that holds the claim to the address."""

    name: str
    rent_limit: int

    @staticmethod
    def from_dict(obj: Any) -> 'UserCreated':
        assert isinstance(obj, dict)
        email = from_str(obj.get("email"))
        email_claim = from_str(obj.get("emailClaim"))
        name = from_str(obj.get("name"))
        rent_limit = from_int(obj.get("rentLimit"))
        return UserCreated(email, email_claim, name, rent_limit)

    def to_dict(self) -> dict:
        result: dict = {}
        result["email"] = from_str(self.email)
        result["emailClaim"] = from_str(self.email_claim)
        result["name"] = from_str(self.name)
        result["rentLimit"] = from_int(self.rent_limit)
        return result


@dataclass
class UserUpdated:
    """What is known of a person changed: only the fields named here."""

    email: Optional[str] = None
    email_claim: Optional[str] = None
    """The stream that holds the claim to the new address; absent when the old claim covers it."""

    name: Optional[str] = None
    rent_limit: Optional[int] = None

    @staticmethod
    def from_dict(obj: Any) -> 'UserUpdated':
        assert isinstance(obj, dict)
        email = from_union([from_str, from_none], obj.get("email"))
        email_claim = from_union([from_str, from_none], obj.get("emailClaim"))
        name = from_union([from_str, from_none], obj.get("name"))
        rent_limit = from_union([from_int, from_none], obj.get("rentLimit"))
        return UserUpdated(email, email_claim, name, rent_limit)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.email is not None:
            result["email"] = from_union([from_str, from_none], self.email)
        if self.email_claim is not None:
            result["emailClaim"] = from_union([from_str, from_none], self.email_claim)
        if self.name is not None:
            result["name"] = from_union([from_str, from_none], self.name)
        if self.rent_limit is not None:
            result["rentLimit"] = from_union([from_int, from_none], self.rent_limit)
        return result


@dataclass
class UserDeletionRequested:
    """Somebody asked to delete the user; the lending desk is being asked."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'UserDeletionRequested':
        assert isinstance(obj, dict)
        return UserDeletionRequested()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


@dataclass
class UserDeletionRefused:
    """The user stays, for they have books out."""

    code: UserDeletionObstacle
    """Why a user cannot be deleted now."""

    @staticmethod
    def from_dict(obj: Any) -> 'UserDeletionRefused':
        assert isinstance(obj, dict)
        code = UserDeletionObstacle(obj.get("code"))
        return UserDeletionRefused(code)

    def to_dict(self) -> dict:
        result: dict = {}
        result["code"] = to_enum(UserDeletionObstacle, self.code)
        return result


@dataclass
class UserDeleted:
    """The user left for good."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'UserDeleted':
        assert isinstance(obj, dict)
        return UserDeleted()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


@dataclass
class EmailClaimed:
    """An address belongs to a user from now on."""

    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'EmailClaimed':
        assert isinstance(obj, dict)
        user_id = UUID(obj.get("userId"))
        return EmailClaimed(user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["userId"] = str(self.user_id)
        return result


@dataclass
class EmailReleased:
    """An address is free again."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'EmailReleased':
        assert isinstance(obj, dict)
        return EmailReleased()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


class UserRejection(Enum):
    """Why user-service says no."""

    EMAIL_TAKEN = "EmailTaken"
    USER_HAS_OPEN_RENTS = "UserHasOpenRents"
    USER_NOT_FOUND = "UserNotFound"


@dataclass
class GetUserFacts:
    """Asks user-service for what the lending desk must know of a user."""

    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'GetUserFacts':
        assert isinstance(obj, dict)
        user_id = UUID(obj.get("userId"))
        return GetUserFacts(user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["userId"] = str(self.user_id)
        return result


@dataclass
class UserFacts:
    """What the lending desk knows of a user, as their owner knew it at that revision."""

    exists: bool
    rent_limit: int
    source: OwnerRevision

    @staticmethod
    def from_dict(obj: Any) -> 'UserFacts':
        assert isinstance(obj, dict)
        exists = from_bool(obj.get("exists"))
        rent_limit = from_int(obj.get("rentLimit"))
        source = OwnerRevision.from_dict(obj.get("source"))
        return UserFacts(exists, rent_limit, source)

    def to_dict(self) -> dict:
        result: dict = {}
        result["exists"] = from_bool(self.exists)
        result["rentLimit"] = from_int(self.rent_limit)
        result["source"] = to_class(OwnerRevision, self.source)
        return result


@dataclass
class FindUser:
    """Asks user-service who has an address."""

    email: str

    @staticmethod
    def from_dict(obj: Any) -> 'FindUser':
        assert isinstance(obj, dict)
        email = from_str(obj.get("email"))
        return FindUser(email)

    def to_dict(self) -> dict:
        result: dict = {}
        result["email"] = from_str(self.email)
        return result


@dataclass
class FoundUser:
    """Who has the address, if anybody."""

    user_id: Optional[str] = None

    @staticmethod
    def from_dict(obj: Any) -> 'FoundUser':
        assert isinstance(obj, dict)
        user_id = from_union([from_str, from_none], obj.get("userId"))
        return FoundUser(user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.user_id is not None:
            result["userId"] = from_union([from_str, from_none], self.user_id)
        return result


@dataclass
class RentBook:
    """A person takes a copy of a book home."""

    book_id: UUID
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'RentBook':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        user_id = UUID(obj.get("userId"))
        return RentBook(book_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class TakeOverRent:
    """A copy has been out since before the library moved here: no rule asks who may take one,
    but there has to be one.
    """
    book_id: UUID
    due_on: str
    """The day by whose end it is to come back, in the library's time zone."""

    user_id: UUID
    rented_on: Optional[str] = None
    """The day when it went out."""

    @staticmethod
    def from_dict(obj: Any) -> 'TakeOverRent':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        due_on = from_str(obj.get("dueOn"))
        user_id = UUID(obj.get("userId"))
        rented_on = from_union([from_str, from_none], obj.get("rentedOn"))
        return TakeOverRent(book_id, due_on, user_id, rented_on)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        result["dueOn"] = from_str(self.due_on)
        result["userId"] = str(self.user_id)
        if self.rented_on is not None:
            result["rentedOn"] = from_union([from_str, from_none], self.rented_on)
        return result


@dataclass
class ReturnRent:
    """A copy comes back, whoever brings it."""

    rent_id: str
    """The book's id and the rent's number within its stream."""

    @staticmethod
    def from_dict(obj: Any) -> 'ReturnRent':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        return ReturnRent(rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        return result


@dataclass
class ReturnBook:
    """A copy comes back, known by who has it out."""

    book_id: UUID
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'ReturnBook':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        user_id = UUID(obj.get("userId"))
        return ReturnBook(book_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class ReopenRent:
    """A return was a mistake: the rent is to be open again as it was."""

    rent_id: str
    """The book's id and the rent's number within its stream."""

    @staticmethod
    def from_dict(obj: Any) -> 'ReopenRent':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        return ReopenRent(rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        return result


@dataclass
class RenewRent:
    """The borrower keeps the copy longer: due anew as if it went out today, and never earlier
    than before.
    """
    rent_id: str
    """The book's id and the rent's number within its stream."""

    @staticmethod
    def from_dict(obj: Any) -> 'RenewRent':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        return RenewRent(rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        return result


@dataclass
class ReportCopyLost:
    """A copy that is out will not come back: the rent is closed, and the copy counts no more."""

    rent_id: str
    """The book's id and the rent's number within its stream."""

    @staticmethod
    def from_dict(obj: Any) -> 'ReportCopyLost':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        return ReportCopyLost(rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        return result


@dataclass
class ReportCopyFound:
    """A lost copy is there again: it counts as before, and goes to who waits."""

    rent_id: str
    """The book's id and the rent's number within its stream."""

    @staticmethod
    def from_dict(obj: Any) -> 'ReportCopyFound':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        return ReportCopyFound(rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        return result


@dataclass
class PlaceHold:
    """A person waits for a copy of a book of which none is free."""

    book_id: UUID
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'PlaceHold':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        user_id = UUID(obj.get("userId"))
        return PlaceHold(book_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class CancelHold:
    """A person waits no longer, or does not want the copy that was set aside for them."""

    hold_id: str
    """The book's id and the hold's number within its stream. Holds are counted apart from
    rents, so the same text may also be
    a rent's id: what it is the id of, the field's name says.
    """

    @staticmethod
    def from_dict(obj: Any) -> 'CancelHold':
        assert isinstance(obj, dict)
        hold_id = from_str(obj.get("holdId"))
        return CancelHold(hold_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["holdId"] = from_str(self.hold_id)
        return result


@dataclass
class ExpireHolds:
    """Time has passed: what was set aside for people who did not come goes to the next ones."""

    book_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'ExpireHolds':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        return ExpireHolds(book_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        return result


@dataclass
class OpenBookRent:
    """The desk hears of a book from its owner: opens it for lending, or takes over what is
    newer.
    """
    amount: int
    book_id: UUID
    source: OwnerRevision

    @staticmethod
    def from_dict(obj: Any) -> 'OpenBookRent':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        book_id = UUID(obj.get("bookId"))
        source = OwnerRevision.from_dict(obj.get("source"))
        return OpenBookRent(amount, book_id, source)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["bookId"] = str(self.book_id)
        result["source"] = to_class(OwnerRevision, self.source)
        return result


@dataclass
class ChangeCopies:
    """The number of copies changed at the owner; told only to a book that is open for lending."""

    amount: int
    book_id: UUID
    source: OwnerRevision

    @staticmethod
    def from_dict(obj: Any) -> 'ChangeCopies':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        book_id = UUID(obj.get("bookId"))
        source = OwnerRevision.from_dict(obj.get("source"))
        return ChangeCopies(amount, book_id, source)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["bookId"] = str(self.book_id)
        result["source"] = to_class(OwnerRevision, self.source)
        return result


@dataclass
class CloseBookRent:
    """The book is leaving the catalogue: nothing of it is lent any more."""

    book_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'CloseBookRent':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        return CloseBookRent(book_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        return result


@dataclass
class OpenBorrower:
    """The desk hears of a user from their owner: opens them as a borrower, or takes over what
    is newer.
    """
    rent_limit: int
    source: OwnerRevision
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'OpenBorrower':
        assert isinstance(obj, dict)
        rent_limit = from_int(obj.get("rentLimit"))
        source = OwnerRevision.from_dict(obj.get("source"))
        user_id = UUID(obj.get("userId"))
        return OpenBorrower(rent_limit, source, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentLimit"] = from_int(self.rent_limit)
        result["source"] = to_class(OwnerRevision, self.source)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class ChangeRentLimit:
    """The limit changed at the owner; told only to a borrower who is open."""

    rent_limit: int
    source: OwnerRevision
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'ChangeRentLimit':
        assert isinstance(obj, dict)
        rent_limit = from_int(obj.get("rentLimit"))
        source = OwnerRevision.from_dict(obj.get("source"))
        user_id = UUID(obj.get("userId"))
        return ChangeRentLimit(rent_limit, source, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentLimit"] = from_int(self.rent_limit)
        result["source"] = to_class(OwnerRevision, self.source)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class CloseBorrower:
    """The user is leaving: nothing is lent to them any more, and they wait for nothing."""

    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'CloseBorrower':
        assert isinstance(obj, dict)
        user_id = UUID(obj.get("userId"))
        return CloseBorrower(user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["userId"] = str(self.user_id)
        return result


@dataclass
class BookRentOpened:
    """A book can be lent from now on."""

    amount: int
    source: OwnerRevision

    @staticmethod
    def from_dict(obj: Any) -> 'BookRentOpened':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        source = OwnerRevision.from_dict(obj.get("source"))
        return BookRentOpened(amount, source)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["source"] = to_class(OwnerRevision, self.source)
        return result


@dataclass
class CopiesChanged:
    """The number of copies changed."""

    amount: int
    source: OwnerRevision

    @staticmethod
    def from_dict(obj: Any) -> 'CopiesChanged':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        source = OwnerRevision.from_dict(obj.get("source"))
        return CopiesChanged(amount, source)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["source"] = to_class(OwnerRevision, self.source)
        return result


@dataclass
class BookRented:
    """A copy went out."""

    due_on: str
    """The day by whose end it is to come back, in the library's time zone."""

    rent_id: str
    user_id: UUID
    hold_id: Optional[str] = None
    """The hold that ended with it: the copy is the one that was set aside for that hold."""

    rented_on: Optional[str] = None
    """The day when the copy went out, where that was before the library moved here."""

    @staticmethod
    def from_dict(obj: Any) -> 'BookRented':
        assert isinstance(obj, dict)
        due_on = from_str(obj.get("dueOn"))
        rent_id = from_str(obj.get("rentId"))
        user_id = UUID(obj.get("userId"))
        hold_id = from_union([from_str, from_none], obj.get("holdId"))
        rented_on = from_union([from_str, from_none], obj.get("rentedOn"))
        return BookRented(due_on, rent_id, user_id, hold_id, rented_on)

    def to_dict(self) -> dict:
        result: dict = {}
        result["dueOn"] = from_str(self.due_on)
        result["rentId"] = from_str(self.rent_id)
        result["userId"] = str(self.user_id)
        if self.hold_id is not None:
            result["holdId"] = from_union([from_str, from_none], self.hold_id)
        if self.rented_on is not None:
            result["rentedOn"] = from_union([from_str, from_none], self.rented_on)
        return result


@dataclass
class RentRenewed:
    """A rent is due later."""

    due_on: str
    """The new day by whose end it is to come back."""

    rent_id: str
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'RentRenewed':
        assert isinstance(obj, dict)
        due_on = from_str(obj.get("dueOn"))
        rent_id = from_str(obj.get("rentId"))
        user_id = UUID(obj.get("userId"))
        return RentRenewed(due_on, rent_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["dueOn"] = from_str(self.due_on)
        result["rentId"] = from_str(self.rent_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class BookReturned:
    """A copy came back."""

    rent_id: str
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'BookReturned':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        user_id = UUID(obj.get("userId"))
        return BookReturned(rent_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class RentReopened:
    """A return was undone: the rent is open as it was."""

    due_on: str
    rent_id: str
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'RentReopened':
        assert isinstance(obj, dict)
        due_on = from_str(obj.get("dueOn"))
        rent_id = from_str(obj.get("rentId"))
        user_id = UUID(obj.get("userId"))
        return RentReopened(due_on, rent_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["dueOn"] = from_str(self.due_on)
        result["rentId"] = from_str(self.rent_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class CopyLost:
    """A copy that was out is lost: its rent is closed."""

    rent_id: str
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'CopyLost':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        user_id = UUID(obj.get("userId"))
        return CopyLost(rent_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class CopyFound:
    """A lost copy is back."""

    rent_id: str
    """The rent by which it was lost."""

    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'CopyFound':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        user_id = UUID(obj.get("userId"))
        return CopyFound(rent_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class HoldPlaced:
    """A person waits for a copy, after those who waited before."""

    hold_id: str
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'HoldPlaced':
        assert isinstance(obj, dict)
        hold_id = from_str(obj.get("holdId"))
        user_id = UUID(obj.get("userId"))
        return HoldPlaced(hold_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["holdId"] = from_str(self.hold_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class HoldReady:
    """A copy is set aside for a person who waited."""

    hold_id: str
    pickup_by: str
    """The day by whose end it is to be picked up, in the library's time zone."""

    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'HoldReady':
        assert isinstance(obj, dict)
        hold_id = from_str(obj.get("holdId"))
        pickup_by = from_str(obj.get("pickupBy"))
        user_id = UUID(obj.get("userId"))
        return HoldReady(hold_id, pickup_by, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["holdId"] = from_str(self.hold_id)
        result["pickupBy"] = from_str(self.pickup_by)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class HoldCancelled:
    """A person waits no longer."""

    hold_id: str
    user_id: UUID
    was_ready: bool
    """Whether a copy was set aside for it, which is free with that."""

    @staticmethod
    def from_dict(obj: Any) -> 'HoldCancelled':
        assert isinstance(obj, dict)
        hold_id = from_str(obj.get("holdId"))
        user_id = UUID(obj.get("userId"))
        was_ready = from_bool(obj.get("wasReady"))
        return HoldCancelled(hold_id, user_id, was_ready)

    def to_dict(self) -> dict:
        result: dict = {}
        result["holdId"] = from_str(self.hold_id)
        result["userId"] = str(self.user_id)
        result["wasReady"] = from_bool(self.was_ready)
        return result


@dataclass
class HoldExpired:
    """A person did not come for the copy that was set aside for them: it is free again."""

    hold_id: str
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'HoldExpired':
        assert isinstance(obj, dict)
        hold_id = from_str(obj.get("holdId"))
        user_id = UUID(obj.get("userId"))
        return HoldExpired(hold_id, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["holdId"] = from_str(self.hold_id)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class BookRentClosed:
    """The book is lent no more."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'BookRentClosed':
        assert isinstance(obj, dict)
        return BookRentClosed()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


@dataclass
class BorrowerOpened:
    """A person can borrow from now on."""

    rent_limit: int
    source: OwnerRevision

    @staticmethod
    def from_dict(obj: Any) -> 'BorrowerOpened':
        assert isinstance(obj, dict)
        rent_limit = from_int(obj.get("rentLimit"))
        source = OwnerRevision.from_dict(obj.get("source"))
        return BorrowerOpened(rent_limit, source)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentLimit"] = from_int(self.rent_limit)
        result["source"] = to_class(OwnerRevision, self.source)
        return result


@dataclass
class RentLimitChanged:
    """The person's limit changed."""

    rent_limit: int
    source: OwnerRevision

    @staticmethod
    def from_dict(obj: Any) -> 'RentLimitChanged':
        assert isinstance(obj, dict)
        rent_limit = from_int(obj.get("rentLimit"))
        source = OwnerRevision.from_dict(obj.get("source"))
        return RentLimitChanged(rent_limit, source)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentLimit"] = from_int(self.rent_limit)
        result["source"] = to_class(OwnerRevision, self.source)
        return result


@dataclass
class RentTaken:
    """The person has one more book out."""

    due_on: str
    rent_id: str

    @staticmethod
    def from_dict(obj: Any) -> 'RentTaken':
        assert isinstance(obj, dict)
        due_on = from_str(obj.get("dueOn"))
        rent_id = from_str(obj.get("rentId"))
        return RentTaken(due_on, rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["dueOn"] = from_str(self.due_on)
        result["rentId"] = from_str(self.rent_id)
        return result


@dataclass
class RentEnded:
    """The person has one book less out."""

    rent_id: str

    @staticmethod
    def from_dict(obj: Any) -> 'RentEnded':
        assert isinstance(obj, dict)
        rent_id = from_str(obj.get("rentId"))
        return RentEnded(rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["rentId"] = from_str(self.rent_id)
        return result


@dataclass
class RentExtended:
    """A rent of the person is due later."""

    due_on: str
    rent_id: str

    @staticmethod
    def from_dict(obj: Any) -> 'RentExtended':
        assert isinstance(obj, dict)
        due_on = from_str(obj.get("dueOn"))
        rent_id = from_str(obj.get("rentId"))
        return RentExtended(due_on, rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["dueOn"] = from_str(self.due_on)
        result["rentId"] = from_str(self.rent_id)
        return result


@dataclass
class HoldTaken:
    """The person waits for one more book."""

    hold_id: str

    @staticmethod
    def from_dict(obj: Any) -> 'HoldTaken':
        assert isinstance(obj, dict)
        hold_id = from_str(obj.get("holdId"))
        return HoldTaken(hold_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["holdId"] = from_str(self.hold_id)
        return result


@dataclass
class HoldEnded:
    """The person waits for one book less: it went out to them, or they wait no longer."""

    hold_id: str

    @staticmethod
    def from_dict(obj: Any) -> 'HoldEnded':
        assert isinstance(obj, dict)
        hold_id = from_str(obj.get("holdId"))
        return HoldEnded(hold_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["holdId"] = from_str(self.hold_id)
        return result


@dataclass
class BorrowerClosed:
    """The person borrows no more."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'BorrowerClosed':
        assert isinstance(obj, dict)
        return BorrowerClosed()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


class RentRejection(Enum):
    """Why rent-service says no."""

    ALREADY_ON_HOLD = "AlreadyOnHold"
    ALREADY_RENTED = "AlreadyRented"
    BOOK_HAS_HOLDS = "BookHasHolds"
    BOOK_HAS_OPEN_RENTS = "BookHasOpenRents"
    BOOK_NOT_FOUND = "BookNotFound"
    BORROWER_OVERDUE = "BorrowerOverdue"
    COPY_AVAILABLE = "CopyAvailable"
    HOLDS_WAITING = "HoldsWaiting"
    HOLD_LIMIT_REACHED = "HoldLimitReached"
    HOLD_NOT_FOUND = "HoldNotFound"
    NO_COPY_AVAILABLE = "NoCopyAvailable"
    RENEWAL_LIMIT_REACHED = "RenewalLimitReached"
    RENT_LIMIT_REACHED = "RentLimitReached"
    RENT_NOT_FOUND = "RentNotFound"
    RENT_NOT_LOST = "RentNotLost"
    RENT_NOT_OPEN = "RentNotOpen"
    RENT_NOT_REOPENABLE = "RentNotReopenable"
    RENT_OVERDUE = "RentOverdue"
    USER_HAS_OPEN_RENTS = "UserHasOpenRents"
    USER_NOT_FOUND = "UserNotFound"


@dataclass
class QueueCommand:
    """A command is to be carried out when its turn comes; whoever sent it does not wait for
    that.
    """
    command: str
    """The command's type."""

    data: Dict[str, Any]
    """What the command carries."""

    operation_id: UUID
    """The operation's id: the id of the command that is to be carried out."""

    expected_revision: Optional[int] = None
    """The revision that the caller saw."""

    @staticmethod
    def from_dict(obj: Any) -> 'QueueCommand':
        assert isinstance(obj, dict)
        command = from_str(obj.get("command"))
        data = from_dict(lambda x: x, obj.get("data"))
        operation_id = UUID(obj.get("operationId"))
        expected_revision = from_union([from_int, from_none], obj.get("expectedRevision"))
        return QueueCommand(command, data, operation_id, expected_revision)

    def to_dict(self) -> dict:
        result: dict = {}
        result["command"] = from_str(self.command)
        result["data"] = from_dict(lambda x: x, self.data)
        result["operationId"] = str(self.operation_id)
        if self.expected_revision is not None:
            result["expectedRevision"] = from_union([from_int, from_none], self.expected_revision)
        return result


@dataclass
class StartAttempt:
    """An attempt to carry the command out is about to be made."""

    operation_id: UUID
    worker: UUID
    """The process that makes it."""

    @staticmethod
    def from_dict(obj: Any) -> 'StartAttempt':
        assert isinstance(obj, dict)
        operation_id = UUID(obj.get("operationId"))
        worker = UUID(obj.get("worker"))
        return StartAttempt(operation_id, worker)

    def to_dict(self) -> dict:
        result: dict = {}
        result["operationId"] = str(self.operation_id)
        result["worker"] = str(self.worker)
        return result


@dataclass
class OperationResult:
    """What a command that was carried out came to, as its sender would have been answered."""

    id: str
    """The id of what was made or changed."""

    revision: int
    position: Optional[str] = None
    """The position of the command's last event in the service's log, in decimal; absent where
    there was nothing to do.
    """

    @staticmethod
    def from_dict(obj: Any) -> 'OperationResult':
        assert isinstance(obj, dict)
        id = from_str(obj.get("id"))
        revision = from_int(obj.get("revision"))
        position = from_union([from_str, from_none], obj.get("position"))
        return OperationResult(id, revision, position)

    def to_dict(self) -> dict:
        result: dict = {}
        result["id"] = from_str(self.id)
        result["revision"] = from_int(self.revision)
        if self.position is not None:
            result["position"] = from_union([from_str, from_none], self.position)
        return result


@dataclass
class CompleteOperation:
    """The command was carried out."""

    attempt: int
    operation_id: UUID
    result: OperationResult

    @staticmethod
    def from_dict(obj: Any) -> 'CompleteOperation':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        operation_id = UUID(obj.get("operationId"))
        result = OperationResult.from_dict(obj.get("result"))
        return CompleteOperation(attempt, operation_id, result)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["operationId"] = str(self.operation_id)
        result["result"] = to_class(OperationResult, self.result)
        return result


@dataclass
class OperationRefusal:
    """Why a command was refused, as its sender would have been answered."""

    code: str
    detail: Optional[str] = None

    @staticmethod
    def from_dict(obj: Any) -> 'OperationRefusal':
        assert isinstance(obj, dict)
        code = from_str(obj.get("code"))
        detail = from_union([from_str, from_none], obj.get("detail"))
        return OperationRefusal(code, detail)

    def to_dict(self) -> dict:
        result: dict = {}
        result["code"] = from_str(self.code)
        if self.detail is not None:
            result["detail"] = from_union([from_str, from_none], self.detail)
        return result


@dataclass
class RejectOperation:
    """The command was refused, which is an answer too."""

    attempt: int
    operation_id: UUID
    rejection: OperationRefusal

    @staticmethod
    def from_dict(obj: Any) -> 'RejectOperation':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        operation_id = UUID(obj.get("operationId"))
        rejection = OperationRefusal.from_dict(obj.get("rejection"))
        return RejectOperation(attempt, operation_id, rejection)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["operationId"] = str(self.operation_id)
        result["rejection"] = to_class(OperationRefusal, self.rejection)
        return result


@dataclass
class FailAttempt:
    """The attempt came to nothing; whether there is another one depends on how many there were."""

    attempt: int
    error: str
    """The name of the error: never its text, which may hold anything."""

    jitter: float
    """From 0 to 1, by chance: how much of a half is taken off the pause, so that many do not
    try again in step.
    """
    operation_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'FailAttempt':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        error = from_str(obj.get("error"))
        jitter = from_float(obj.get("jitter"))
        operation_id = UUID(obj.get("operationId"))
        return FailAttempt(attempt, error, jitter, operation_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["error"] = from_str(self.error)
        result["jitter"] = to_float(self.jitter)
        result["operationId"] = str(self.operation_id)
        return result


@dataclass
class RetryOperation:
    """Somebody wants an operation that failed, or waits for another attempt, to be tried now."""

    operation_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'RetryOperation':
        assert isinstance(obj, dict)
        operation_id = UUID(obj.get("operationId"))
        return RetryOperation(operation_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["operationId"] = str(self.operation_id)
        return result


@dataclass
class DeleteOperation:
    """Somebody wants an operation to be tried no more."""

    operation_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'DeleteOperation':
        assert isinstance(obj, dict)
        operation_id = UUID(obj.get("operationId"))
        return DeleteOperation(operation_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["operationId"] = str(self.operation_id)
        return result


@dataclass
class CommandQueued:
    """A command waits for its turn."""

    command: str
    """The command's type."""

    data: Dict[str, Any]
    expected_revision: Optional[int] = None

    @staticmethod
    def from_dict(obj: Any) -> 'CommandQueued':
        assert isinstance(obj, dict)
        command = from_str(obj.get("command"))
        data = from_dict(lambda x: x, obj.get("data"))
        expected_revision = from_union([from_int, from_none], obj.get("expectedRevision"))
        return CommandQueued(command, data, expected_revision)

    def to_dict(self) -> dict:
        result: dict = {}
        result["command"] = from_str(self.command)
        result["data"] = from_dict(lambda x: x, self.data)
        if self.expected_revision is not None:
            result["expectedRevision"] = from_union([from_int, from_none], self.expected_revision)
        return result


@dataclass
class AttemptStarted:
    """A process sets about carrying the command out."""

    attempt: int
    """Counts from 1."""

    until: datetime
    """A process that has not said by then what came of it is gone."""

    worker: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'AttemptStarted':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        until = from_datetime(obj.get("until"))
        worker = UUID(obj.get("worker"))
        return AttemptStarted(attempt, until, worker)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["until"] = self.until.isoformat()
        result["worker"] = str(self.worker)
        return result


@dataclass
class AttemptFailed:
    """The attempt came to nothing, and there will be another one."""

    attempt: int
    error: str
    retry_at: datetime

    @staticmethod
    def from_dict(obj: Any) -> 'AttemptFailed':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        error = from_str(obj.get("error"))
        retry_at = from_datetime(obj.get("retryAt"))
        return AttemptFailed(attempt, error, retry_at)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["error"] = from_str(self.error)
        result["retryAt"] = self.retry_at.isoformat()
        return result


@dataclass
class OperationFailed:
    """The last attempt came to nothing too: the command stays until somebody has it tried
    again, or deletes it.
    """
    attempt: int
    error: str

    @staticmethod
    def from_dict(obj: Any) -> 'OperationFailed':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        error = from_str(obj.get("error"))
        return OperationFailed(attempt, error)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["error"] = from_str(self.error)
        return result


@dataclass
class OperationRetried:
    """Somebody has the command tried again."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'OperationRetried':
        assert isinstance(obj, dict)
        return OperationRetried()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


@dataclass
class OperationCompleted:
    """The command was carried out."""

    attempt: int
    result: OperationResult

    @staticmethod
    def from_dict(obj: Any) -> 'OperationCompleted':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        result = OperationResult.from_dict(obj.get("result"))
        return OperationCompleted(attempt, result)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["result"] = to_class(OperationResult, self.result)
        return result


@dataclass
class OperationRejected:
    """The command was refused."""

    attempt: int
    rejection: OperationRefusal

    @staticmethod
    def from_dict(obj: Any) -> 'OperationRejected':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        rejection = OperationRefusal.from_dict(obj.get("rejection"))
        return OperationRejected(attempt, rejection)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["rejection"] = to_class(OperationRefusal, self.rejection)
        return result


@dataclass
class OperationDeleted:
    """The command will not be carried out: somebody took it out of the queue."""

    pass

    @staticmethod
    def from_dict(obj: Any) -> 'OperationDeleted':
        assert isinstance(obj, dict)
        return OperationDeleted()

    def to_dict(self) -> dict:
        result: dict = {}
        return result


class OperationRejection(Enum):
    """Why an operation is not retried, or not deleted: there is none, it is under way, or it
    came to its end.
    """
    OPERATION_ENDED = "OperationEnded"
    OPERATION_NOT_FOUND = "OperationNotFound"
    OPERATION_RUNNING = "OperationRunning"


@dataclass
class GetOperation:
    """Asks a service for a command that was queued with it."""

    operation_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'GetOperation':
        assert isinstance(obj, dict)
        operation_id = UUID(obj.get("operationId"))
        return GetOperation(operation_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["operationId"] = str(self.operation_id)
        return result


@dataclass
class OperationFailure:
    """An attempt that came to nothing."""

    attempt: int
    error: str
    failed_at: datetime

    @staticmethod
    def from_dict(obj: Any) -> 'OperationFailure':
        assert isinstance(obj, dict)
        attempt = from_int(obj.get("attempt"))
        error = from_str(obj.get("error"))
        failed_at = from_datetime(obj.get("failedAt"))
        return OperationFailure(attempt, error, failed_at)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempt"] = from_int(self.attempt)
        result["error"] = from_str(self.error)
        result["failedAt"] = self.failed_at.isoformat()
        return result


class OperationState(Enum):
    """Where a queued command is: its first three states are before an attempt, in one, and
    between two.
    """
    COMPLETED = "completed"
    DELAYED = "delayed"
    DELETED = "deleted"
    FAILED = "failed"
    QUEUED = "queued"
    REJECTED = "rejected"
    RUNNING = "running"


@dataclass
class QueuedOperation:
    """A queued command, as its stream tells it."""

    attempts: int
    """How many attempts there were."""

    command: str
    """The command's type."""

    failures: List[OperationFailure]
    """What came of those that failed, the latest last; of very many, the last ones."""

    position: str
    """The position of the operation's last event, in decimal."""

    queued_at: datetime
    state: OperationState
    actor: Optional[str] = None
    """Who sent it: a principal's id; absent where that is not known."""

    data: Optional[Dict[str, Any]] = None
    """What the command carries; there as long as it may still be carried out."""

    ended_at: Optional[datetime] = None
    rejection: Optional[OperationRefusal] = None
    """Why a command was refused, as its sender would have been answered."""

    result: Optional[OperationResult] = None
    """What a command that was carried out came to, as its sender would have been answered."""

    retry_at: Optional[datetime] = None
    """When the next attempt is due."""

    @staticmethod
    def from_dict(obj: Any) -> 'QueuedOperation':
        assert isinstance(obj, dict)
        attempts = from_int(obj.get("attempts"))
        command = from_str(obj.get("command"))
        failures = from_list(OperationFailure.from_dict, obj.get("failures"))
        position = from_str(obj.get("position"))
        queued_at = from_datetime(obj.get("queuedAt"))
        state = OperationState(obj.get("state"))
        actor = from_union([from_str, from_none], obj.get("actor"))
        data = from_union([lambda x: from_dict(lambda x: x, x), from_none], obj.get("data"))
        ended_at = from_union([from_datetime, from_none], obj.get("endedAt"))
        rejection = from_union([OperationRefusal.from_dict, from_none], obj.get("rejection"))
        result = from_union([OperationResult.from_dict, from_none], obj.get("result"))
        retry_at = from_union([from_datetime, from_none], obj.get("retryAt"))
        return QueuedOperation(attempts, command, failures, position, queued_at, state, actor, data, ended_at, rejection, result, retry_at)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempts"] = from_int(self.attempts)
        result["command"] = from_str(self.command)
        result["failures"] = from_list(lambda x: to_class(OperationFailure, x), self.failures)
        result["position"] = from_str(self.position)
        result["queuedAt"] = self.queued_at.isoformat()
        result["state"] = to_enum(OperationState, self.state)
        if self.actor is not None:
            result["actor"] = from_union([from_str, from_none], self.actor)
        if self.data is not None:
            result["data"] = from_union([lambda x: from_dict(lambda x: x, x), from_none], self.data)
        if self.ended_at is not None:
            result["endedAt"] = from_union([lambda x: x.isoformat(), from_none], self.ended_at)
        if self.rejection is not None:
            result["rejection"] = from_union([lambda x: to_class(OperationRefusal, x), from_none], self.rejection)
        if self.result is not None:
            result["result"] = from_union([lambda x: to_class(OperationResult, x), from_none], self.result)
        if self.retry_at is not None:
            result["retryAt"] = from_union([lambda x: x.isoformat(), from_none], self.retry_at)
        return result


@dataclass
class OperationFound:
    """A queued command, where there is one."""

    operation: Optional[QueuedOperation] = None
    """A queued command, as its stream tells it."""

    @staticmethod
    def from_dict(obj: Any) -> 'OperationFound':
        assert isinstance(obj, dict)
        operation = from_union([QueuedOperation.from_dict, from_none], obj.get("operation"))
        return OperationFound(operation)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.operation is not None:
            result["operation"] = from_union([lambda x: to_class(QueuedOperation, x), from_none], self.operation)
        return result


@dataclass
class BookRow:
    """A title as the catalogue shows it."""

    amount: int
    authors: List[str]
    created_at: datetime
    id: UUID
    in_use: int
    """How many copies are not free: those that are out, those that are lost, and those set
    aside for a hold that is ready.
    """
    languages: List[str]
    parked: bool
    """Whether an event of it could not be shown, so that this is the state before."""

    revision: int
    subjects: List[str]
    title: str
    updated_at: datetime
    isbn: Optional[str] = None
    year: Optional[int] = None

    @staticmethod
    def from_dict(obj: Any) -> 'BookRow':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        authors = from_list(from_str, obj.get("authors"))
        created_at = from_datetime(obj.get("createdAt"))
        id = UUID(obj.get("id"))
        in_use = from_int(obj.get("inUse"))
        languages = from_list(from_str, obj.get("languages"))
        parked = from_bool(obj.get("parked"))
        revision = from_int(obj.get("revision"))
        subjects = from_list(from_str, obj.get("subjects"))
        title = from_str(obj.get("title"))
        updated_at = from_datetime(obj.get("updatedAt"))
        isbn = from_union([from_none, from_str], obj.get("isbn"))
        year = from_union([from_int, from_none], obj.get("year"))
        return BookRow(amount, authors, created_at, id, in_use, languages, parked, revision, subjects, title, updated_at, isbn, year)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["authors"] = from_list(from_str, self.authors)
        result["createdAt"] = self.created_at.isoformat()
        result["id"] = str(self.id)
        result["inUse"] = from_int(self.in_use)
        result["languages"] = from_list(from_str, self.languages)
        result["parked"] = from_bool(self.parked)
        result["revision"] = from_int(self.revision)
        result["subjects"] = from_list(from_str, self.subjects)
        result["title"] = from_str(self.title)
        result["updatedAt"] = self.updated_at.isoformat()
        result["isbn"] = from_union([from_none, from_str], self.isbn)
        result["year"] = from_union([from_int, from_none], self.year)
        return result


class HoldState(Enum):
    """What a hold is now."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    PICKED_UP = "pickedUp"
    READY = "ready"
    WAITING = "waiting"


@dataclass
class HoldRow:
    """A person's place in the queue for a book, and what became of it."""

    book_id: UUID
    id: str
    parked: bool
    placed_at: datetime
    state: HoldState
    user_id: UUID
    ended_at: Optional[datetime] = None
    """When it was picked up, cancelled, or expired."""

    pickup_by: Optional[str] = None
    """The day by whose end the copy is to be picked up."""

    ready_at: Optional[datetime] = None
    """When a copy was set aside."""

    rent_id: Optional[str] = None
    """The rent by which the copy was picked up."""

    @staticmethod
    def from_dict(obj: Any) -> 'HoldRow':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        id = from_str(obj.get("id"))
        parked = from_bool(obj.get("parked"))
        placed_at = from_datetime(obj.get("placedAt"))
        state = HoldState(obj.get("state"))
        user_id = UUID(obj.get("userId"))
        ended_at = from_union([from_datetime, from_none], obj.get("endedAt"))
        pickup_by = from_union([from_none, from_str], obj.get("pickupBy"))
        ready_at = from_union([from_datetime, from_none], obj.get("readyAt"))
        rent_id = from_union([from_none, from_str], obj.get("rentId"))
        return HoldRow(book_id, id, parked, placed_at, state, user_id, ended_at, pickup_by, ready_at, rent_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        result["id"] = from_str(self.id)
        result["parked"] = from_bool(self.parked)
        result["placedAt"] = self.placed_at.isoformat()
        result["state"] = to_enum(HoldState, self.state)
        result["userId"] = str(self.user_id)
        result["endedAt"] = from_union([lambda x: x.isoformat(), from_none], self.ended_at)
        result["pickupBy"] = from_union([from_none, from_str], self.pickup_by)
        result["readyAt"] = from_union([lambda x: x.isoformat(), from_none], self.ready_at)
        result["rentId"] = from_union([from_none, from_str], self.rent_id)
        return result


@dataclass
class QueueRow:
    """A command that was sent without waiting for its answer: where it is, and nothing of what
    it carries.
    """
    attempts: int
    """How many attempts there were."""

    command: str
    """The command's type."""

    id: str
    """The service's word and the operation's id in it."""

    parked: bool
    queued_at: datetime
    state: OperationState
    error: Optional[str] = None
    """The name of the error that the last one ended with, if it failed."""

    retry_at: Optional[datetime] = None
    """When the next one is due."""

    @staticmethod
    def from_dict(obj: Any) -> 'QueueRow':
        assert isinstance(obj, dict)
        attempts = from_int(obj.get("attempts"))
        command = from_str(obj.get("command"))
        id = from_str(obj.get("id"))
        parked = from_bool(obj.get("parked"))
        queued_at = from_datetime(obj.get("queuedAt"))
        state = OperationState(obj.get("state"))
        error = from_union([from_none, from_str], obj.get("error"))
        retry_at = from_union([from_datetime, from_none], obj.get("retryAt"))
        return QueueRow(attempts, command, id, parked, queued_at, state, error, retry_at)

    def to_dict(self) -> dict:
        result: dict = {}
        result["attempts"] = from_int(self.attempts)
        result["command"] = from_str(self.command)
        result["id"] = from_str(self.id)
        result["parked"] = from_bool(self.parked)
        result["queuedAt"] = self.queued_at.isoformat()
        result["state"] = to_enum(OperationState, self.state)
        result["error"] = from_union([from_none, from_str], self.error)
        result["retryAt"] = from_union([lambda x: x.isoformat(), from_none], self.retry_at)
        return result


@dataclass
class StatisticsOfDay:
    """What went out on a day."""

    day: str
    renewals: int
    rents: int

    @staticmethod
    def from_dict(obj: Any) -> 'StatisticsOfDay':
        assert isinstance(obj, dict)
        day = from_str(obj.get("day"))
        renewals = from_int(obj.get("renewals"))
        rents = from_int(obj.get("rents"))
        return StatisticsOfDay(day, renewals, rents)

    def to_dict(self) -> dict:
        result: dict = {}
        result["day"] = from_str(self.day)
        result["renewals"] = from_int(self.renewals)
        result["rents"] = from_int(self.rents)
        return result


@dataclass
class Statistics:
    """The library in numbers: what went out on some days, and how it is now."""

    active_borrowers: int
    """How many people have something out."""

    days: List[StatisticsOfDay]
    """Each of the days."""

    statistics_from: str
    """The first of the days."""

    never_rented: int
    """How many titles of the catalogue never went out, up to 10,000."""

    open_rents: int
    """How many copies are out."""

    overdue_rents: int
    """How many of them are out past their day."""

    parked_books: int
    """How many books have events that could not be counted."""

    renewals: int
    """How many rents were renewed on these days."""

    rents: int
    """How many copies went out on these days."""

    time_zone: str
    """The IANA time zone in which the days begin and end."""

    to: str
    """The last of the days."""

    @staticmethod
    def from_dict(obj: Any) -> 'Statistics':
        assert isinstance(obj, dict)
        active_borrowers = from_int(obj.get("activeBorrowers"))
        days = from_list(StatisticsOfDay.from_dict, obj.get("days"))
        statistics_from = from_str(obj.get("from"))
        never_rented = from_int(obj.get("neverRented"))
        open_rents = from_int(obj.get("openRents"))
        overdue_rents = from_int(obj.get("overdueRents"))
        parked_books = from_int(obj.get("parkedBooks"))
        renewals = from_int(obj.get("renewals"))
        rents = from_int(obj.get("rents"))
        time_zone = from_str(obj.get("timeZone"))
        to = from_str(obj.get("to"))
        return Statistics(active_borrowers, days, statistics_from, never_rented, open_rents, overdue_rents, parked_books, renewals, rents, time_zone, to)

    def to_dict(self) -> dict:
        result: dict = {}
        result["activeBorrowers"] = from_int(self.active_borrowers)
        result["days"] = from_list(lambda x: to_class(StatisticsOfDay, x), self.days)
        result["from"] = from_str(self.statistics_from)
        result["neverRented"] = from_int(self.never_rented)
        result["openRents"] = from_int(self.open_rents)
        result["overdueRents"] = from_int(self.overdue_rents)
        result["parkedBooks"] = from_int(self.parked_books)
        result["renewals"] = from_int(self.renewals)
        result["rents"] = from_int(self.rents)
        result["timeZone"] = from_str(self.time_zone)
        result["to"] = from_str(self.to)
        return result


class HistoryDirection(Enum):
    """From the oldest event forwards, or from the newest backwards.
    
    Which way a history is read.
    """
    BACKWARDS = "backwards"
    FORWARDS = "forwards"


@dataclass
class GetHistory:
    """Asks an owner what happened to one of its entities, a page at a time."""

    direction: HistoryDirection
    """From the oldest event forwards, or from the newest backwards."""

    id: str
    limit: int
    after: Optional[int] = None
    """The revision that the page begins after, in that direction; without it, the page is the
    first.
    """

    @staticmethod
    def from_dict(obj: Any) -> 'GetHistory':
        assert isinstance(obj, dict)
        direction = HistoryDirection(obj.get("direction"))
        id = from_str(obj.get("id"))
        limit = from_int(obj.get("limit"))
        after = from_union([from_int, from_none], obj.get("after"))
        return GetHistory(direction, id, limit, after)

    def to_dict(self) -> dict:
        result: dict = {}
        result["direction"] = to_enum(HistoryDirection, self.direction)
        result["id"] = from_str(self.id)
        result["limit"] = from_int(self.limit)
        if self.after is not None:
            result["after"] = from_union([from_int, from_none], self.after)
        return result


@dataclass
class HistoryEntry:
    """Something that happened: what, when, by whom, and through which command."""

    command_id: UUID
    correlation_id: str
    """The same for everything that one request set in motion."""

    data: Dict[str, Any]
    """What the event says, as the contract of its type has it."""

    id: UUID
    revision: int
    time: datetime
    type: str
    """The event's type."""

    actor: Optional[str] = None
    """Whose doing it was: a principal's id; absent where that is not known."""

    @staticmethod
    def from_dict(obj: Any) -> 'HistoryEntry':
        assert isinstance(obj, dict)
        command_id = UUID(obj.get("commandId"))
        correlation_id = from_str(obj.get("correlationId"))
        data = from_dict(lambda x: x, obj.get("data"))
        id = UUID(obj.get("id"))
        revision = from_int(obj.get("revision"))
        time = from_datetime(obj.get("time"))
        type = from_str(obj.get("type"))
        actor = from_union([from_str, from_none], obj.get("actor"))
        return HistoryEntry(command_id, correlation_id, data, id, revision, time, type, actor)

    def to_dict(self) -> dict:
        result: dict = {}
        result["commandId"] = str(self.command_id)
        result["correlationId"] = from_str(self.correlation_id)
        result["data"] = from_dict(lambda x: x, self.data)
        result["id"] = str(self.id)
        result["revision"] = from_int(self.revision)
        result["time"] = self.time.isoformat()
        result["type"] = from_str(self.type)
        if self.actor is not None:
            result["actor"] = from_union([from_str, from_none], self.actor)
        return result


@dataclass
class History:
    """A page of what happened to an entity, in the direction that was asked for."""

    entries: List[HistoryEntry]
    """Fewer than were asked for where more would not fit into one message."""

    more: bool
    """Whether others follow in that direction."""

    total: int
    """How many there are in all; none where the entity never was, or is nobody's to see any
    more.
    """

    @staticmethod
    def from_dict(obj: Any) -> 'History':
        assert isinstance(obj, dict)
        entries = from_list(HistoryEntry.from_dict, obj.get("entries"))
        more = from_bool(obj.get("more"))
        total = from_int(obj.get("total"))
        return History(entries, more, total)

    def to_dict(self) -> dict:
        result: dict = {}
        result["entries"] = from_list(lambda x: to_class(HistoryEntry, x), self.entries)
        result["more"] = from_bool(self.more)
        result["total"] = from_int(self.total)
        return result


@dataclass
class GetStateAt:
    """Asks an owner for one of its entities as it was at an instant."""

    at: datetime
    id: str

    @staticmethod
    def from_dict(obj: Any) -> 'GetStateAt':
        assert isinstance(obj, dict)
        at = from_datetime(obj.get("at"))
        id = from_str(obj.get("id"))
        return GetStateAt(at, id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["at"] = self.at.isoformat()
        result["id"] = from_str(self.id)
        return result


@dataclass
class CataloguedBook:
    """A title as its owner has it."""

    amount: int
    authors: List[str]
    created_at: datetime
    id: UUID
    languages: List[str]
    revision: int
    subjects: List[str]
    title: str
    updated_at: datetime
    isbn: Optional[str] = None
    year: Optional[int] = None

    @staticmethod
    def from_dict(obj: Any) -> 'CataloguedBook':
        assert isinstance(obj, dict)
        amount = from_int(obj.get("amount"))
        authors = from_list(from_str, obj.get("authors"))
        created_at = from_datetime(obj.get("createdAt"))
        id = UUID(obj.get("id"))
        languages = from_list(from_str, obj.get("languages"))
        revision = from_int(obj.get("revision"))
        subjects = from_list(from_str, obj.get("subjects"))
        title = from_str(obj.get("title"))
        updated_at = from_datetime(obj.get("updatedAt"))
        isbn = from_union([from_none, from_str], obj.get("isbn"))
        year = from_union([from_int, from_none], obj.get("year"))
        return CataloguedBook(amount, authors, created_at, id, languages, revision, subjects, title, updated_at, isbn, year)

    def to_dict(self) -> dict:
        result: dict = {}
        result["amount"] = from_int(self.amount)
        result["authors"] = from_list(from_str, self.authors)
        result["createdAt"] = self.created_at.isoformat()
        result["id"] = str(self.id)
        result["languages"] = from_list(from_str, self.languages)
        result["revision"] = from_int(self.revision)
        result["subjects"] = from_list(from_str, self.subjects)
        result["title"] = from_str(self.title)
        result["updatedAt"] = self.updated_at.isoformat()
        result["isbn"] = from_union([from_none, from_str], self.isbn)
        result["year"] = from_union([from_int, from_none], self.year)
        return result


@dataclass
class BookAt:
    """A title at an instant, where it was in the catalogue then."""

    book: Optional[CataloguedBook] = None
    """A title as its owner has it."""

    @staticmethod
    def from_dict(obj: Any) -> 'BookAt':
        assert isinstance(obj, dict)
        book = from_union([CataloguedBook.from_dict, from_none], obj.get("book"))
        return BookAt(book)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.book is not None:
            result["book"] = from_union([lambda x: to_class(CataloguedBook, x), from_none], self.book)
        return result


@dataclass
class UserRow:
    """A person as the desk sees them."""

    created_at: datetime
    email: str
    id: UUID
    name: str
    parked: bool
    rent_limit: int
    revision: int
    updated_at: datetime

    @staticmethod
    def from_dict(obj: Any) -> 'UserRow':
        assert isinstance(obj, dict)
        created_at = from_datetime(obj.get("createdAt"))
        email = from_str(obj.get("email"))
        id = UUID(obj.get("id"))
        name = from_str(obj.get("name"))
        parked = from_bool(obj.get("parked"))
        rent_limit = from_int(obj.get("rentLimit"))
        revision = from_int(obj.get("revision"))
        updated_at = from_datetime(obj.get("updatedAt"))
        return UserRow(created_at, email, id, name, parked, rent_limit, revision, updated_at)

    def to_dict(self) -> dict:
        result: dict = {}
        result["createdAt"] = self.created_at.isoformat()
        result["email"] = from_str(self.email)
        result["id"] = str(self.id)
        result["name"] = from_str(self.name)
        result["parked"] = from_bool(self.parked)
        result["rentLimit"] = from_int(self.rent_limit)
        result["revision"] = from_int(self.revision)
        result["updatedAt"] = self.updated_at.isoformat()
        return result


@dataclass
class UserAt:
    """A person at an instant, where they were registered then and still are."""

    user: Optional[UserRow] = None
    """A person as the desk sees them."""

    @staticmethod
    def from_dict(obj: Any) -> 'UserAt':
        assert isinstance(obj, dict)
        user = from_union([UserRow.from_dict, from_none], obj.get("user"))
        return UserAt(user)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.user is not None:
            result["user"] = from_union([lambda x: to_class(UserRow, x), from_none], self.user)
        return result


class RentState(Enum):
    """What a rent is now. One whose lost copy was found again is returned."""

    LOST = "lost"
    OPEN = "open"
    RETURNED = "returned"


@dataclass
class RentRow:
    """A rent: open, returned, or closed because the copy was lost."""

    book_id: UUID
    due_on: str
    id: str
    parked: bool
    renewals: int
    """How often it was renewed."""

    rented_at: datetime
    state: RentState
    user_id: UUID
    lost_at: Optional[datetime] = None
    """When the copy was reported lost; a copy that was found since has both times."""

    returned_at: Optional[datetime] = None
    """When the copy came back: was returned, or was found again."""

    @staticmethod
    def from_dict(obj: Any) -> 'RentRow':
        assert isinstance(obj, dict)
        book_id = UUID(obj.get("bookId"))
        due_on = from_str(obj.get("dueOn"))
        id = from_str(obj.get("id"))
        parked = from_bool(obj.get("parked"))
        renewals = from_int(obj.get("renewals"))
        rented_at = from_datetime(obj.get("rentedAt"))
        state = RentState(obj.get("state"))
        user_id = UUID(obj.get("userId"))
        lost_at = from_union([from_datetime, from_none], obj.get("lostAt"))
        returned_at = from_union([from_datetime, from_none], obj.get("returnedAt"))
        return RentRow(book_id, due_on, id, parked, renewals, rented_at, state, user_id, lost_at, returned_at)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bookId"] = str(self.book_id)
        result["dueOn"] = from_str(self.due_on)
        result["id"] = from_str(self.id)
        result["parked"] = from_bool(self.parked)
        result["renewals"] = from_int(self.renewals)
        result["rentedAt"] = self.rented_at.isoformat()
        result["state"] = to_enum(RentState, self.state)
        result["userId"] = str(self.user_id)
        result["lostAt"] = from_union([lambda x: x.isoformat(), from_none], self.lost_at)
        result["returnedAt"] = from_union([lambda x: x.isoformat(), from_none], self.returned_at)
        return result


@dataclass
class RentAt:
    """A rent at an instant, where it had begun by then."""

    rent: Optional[RentRow] = None
    """A rent: open, returned, or closed because the copy was lost."""

    @staticmethod
    def from_dict(obj: Any) -> 'RentAt':
        assert isinstance(obj, dict)
        rent = from_union([RentRow.from_dict, from_none], obj.get("rent"))
        return RentAt(rent)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.rent is not None:
            result["rent"] = from_union([lambda x: to_class(RentRow, x), from_none], self.rent)
        return result


@dataclass
class GetCopiesOutAt:
    """Asks rent-service how many copies of a book were not free at an instant."""

    at: datetime
    book_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'GetCopiesOutAt':
        assert isinstance(obj, dict)
        at = from_datetime(obj.get("at"))
        book_id = UUID(obj.get("bookId"))
        return GetCopiesOutAt(at, book_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["at"] = self.at.isoformat()
        result["bookId"] = str(self.book_id)
        return result


@dataclass
class CopiesOutAt:
    """How many copies of a book were not free: out, lost, or set aside for a hold."""

    in_use: int

    @staticmethod
    def from_dict(obj: Any) -> 'CopiesOutAt':
        assert isinstance(obj, dict)
        in_use = from_int(obj.get("inUse"))
        return CopiesOutAt(in_use)

    def to_dict(self) -> dict:
        result: dict = {}
        result["inUse"] = from_int(self.in_use)
        return result


@dataclass
class OpenUpload:
    """Asks for a place that a file can be sent to."""

    bytes: Optional[int] = None
    """How large the file will be, where that is known."""

    @staticmethod
    def from_dict(obj: Any) -> 'OpenUpload':
        assert isinstance(obj, dict)
        bytes = from_union([from_int, from_none], obj.get("bytes"))
        return OpenUpload(bytes)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.bytes is not None:
            result["bytes"] = from_union([from_int, from_none], self.bytes)
        return result


@dataclass
class UploadPlace:
    """Where a file can be sent to: one process keeps it, and only it can be told what to do
    with it.
    """
    address: str
    """Stands for the aggregate in the subjects of what is sent to that process."""

    upload_id: str

    @staticmethod
    def from_dict(obj: Any) -> 'UploadPlace':
        assert isinstance(obj, dict)
        address = from_str(obj.get("address"))
        upload_id = from_str(obj.get("uploadId"))
        return UploadPlace(address, upload_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["address"] = from_str(self.address)
        result["uploadId"] = from_str(self.upload_id)
        return result


@dataclass
class WriteUpload:
    """A part of a file that is being sent."""

    content: str
    """In base64; at most 128 KiB once decoded."""

    offset: int
    """Where in the file it belongs."""

    upload_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'WriteUpload':
        assert isinstance(obj, dict)
        content = from_str(obj.get("content"))
        offset = from_int(obj.get("offset"))
        upload_id = UUID(obj.get("uploadId"))
        return WriteUpload(content, offset, upload_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["content"] = from_str(self.content)
        result["offset"] = from_int(self.offset)
        result["uploadId"] = str(self.upload_id)
        return result


class ImportRejection(Enum):
    """Why a file is not imported at all: a table has no column of titles or another that it
    needs, or a file no records.
    """
    MISSING_COLUMNS = "MissingColumns"
    NO_RECORDS = "NoRecords"
    NO_TITLE_COLUMN = "NoTitleColumn"


@dataclass
class ImportRefusal:
    """A file is not imported at all."""

    code: ImportRejection
    detail: str

    @staticmethod
    def from_dict(obj: Any) -> 'ImportRefusal':
        assert isinstance(obj, dict)
        code = ImportRejection(obj.get("code"))
        detail = from_str(obj.get("detail"))
        return ImportRefusal(code, detail)

    def to_dict(self) -> dict:
        result: dict = {}
        result["code"] = to_enum(ImportRejection, self.code)
        result["detail"] = from_str(self.detail)
        return result


@dataclass
class UploadWritten:
    """How much of that part is written; or why the file is of no use, as far as it has come."""

    bytes: Optional[int] = None
    refusal: Optional[ImportRefusal] = None
    """A file is not imported at all."""

    @staticmethod
    def from_dict(obj: Any) -> 'UploadWritten':
        assert isinstance(obj, dict)
        bytes = from_union([from_int, from_none], obj.get("bytes"))
        refusal = from_union([ImportRefusal.from_dict, from_none], obj.get("refusal"))
        return UploadWritten(bytes, refusal)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.bytes is not None:
            result["bytes"] = from_union([from_int, from_none], self.bytes)
        if self.refusal is not None:
            result["refusal"] = from_union([lambda x: to_class(ImportRefusal, x), from_none], self.refusal)
        return result


@dataclass
class AbandonUpload:
    """No other part of a file will be sent."""

    upload_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'AbandonUpload':
        assert isinstance(obj, dict)
        upload_id = UUID(obj.get("uploadId"))
        return AbandonUpload(upload_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["uploadId"] = str(self.upload_id)
        return result


@dataclass
class ImportFile:
    """A file, by what it holds."""

    bytes: int
    sha256: str
    """In hexadecimal."""

    @staticmethod
    def from_dict(obj: Any) -> 'ImportFile':
        assert isinstance(obj, dict)
        bytes = from_int(obj.get("bytes"))
        sha256 = from_str(obj.get("sha256"))
        return ImportFile(bytes, sha256)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bytes"] = from_int(self.bytes)
        result["sha256"] = from_str(self.sha256)
        return result


@dataclass
class CompleteUpload:
    """All parts of a file were sent, and it is to be imported."""

    dry_run: bool
    file: ImportFile
    import_id: UUID
    upload_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'CompleteUpload':
        assert isinstance(obj, dict)
        dry_run = from_bool(obj.get("dryRun"))
        file = ImportFile.from_dict(obj.get("file"))
        import_id = UUID(obj.get("importId"))
        upload_id = UUID(obj.get("uploadId"))
        return CompleteUpload(dry_run, file, import_id, upload_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["dryRun"] = from_bool(self.dry_run)
        result["file"] = to_class(ImportFile, self.file)
        result["importId"] = str(self.import_id)
        result["uploadId"] = str(self.upload_id)
        return result


@dataclass
class RequestImport:
    """The rows of a file are to enter the catalogue."""

    dry_run: bool
    """Whether it is only to be said what would happen."""

    file: ImportFile
    import_id: UUID
    """The import's id: the command's own id, so that a repeated request is the same import."""

    @staticmethod
    def from_dict(obj: Any) -> 'RequestImport':
        assert isinstance(obj, dict)
        dry_run = from_bool(obj.get("dryRun"))
        file = ImportFile.from_dict(obj.get("file"))
        import_id = UUID(obj.get("importId"))
        return RequestImport(dry_run, file, import_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["dryRun"] = from_bool(self.dry_run)
        result["file"] = to_class(ImportFile, self.file)
        result["importId"] = str(self.import_id)
        return result


@dataclass
class ImportColumn:
    """A column of a file, and what it was taken for."""

    field: str
    name: str
    """As the file calls it."""

    @staticmethod
    def from_dict(obj: Any) -> 'ImportColumn':
        assert isinstance(obj, dict)
        field = from_str(obj.get("field"))
        name = from_str(obj.get("name"))
        return ImportColumn(field, name)

    def to_dict(self) -> dict:
        result: dict = {}
        result["field"] = from_str(self.field)
        result["name"] = from_str(self.name)
        return result


class FileType(Enum):
    """CSV where it is not said.
    
    Rows of a table; or records of MARC 21, in ISO 2709 or in XML.
    """
    CSV = "csv"
    MARC = "marc"
    MARCXML = "marcxml"


@dataclass
class FileFormat:
    """How a file turned out to be written."""

    columns: List[ImportColumn]
    """Of CSV; of records, none."""

    encoding: str
    """UTF-8, UTF-16LE, UTF-16BE or Windows-1252; of records in ISO 2709 each says which it is
    in, MARC-8 or UTF-8.
    """
    ignored_columns: List[str]
    """Those that mean nothing here, as the file calls them."""

    delimiter: Optional[str] = None
    """Of CSV."""

    type: Optional[FileType] = None
    """CSV where it is not said."""

    @staticmethod
    def from_dict(obj: Any) -> 'FileFormat':
        assert isinstance(obj, dict)
        columns = from_list(ImportColumn.from_dict, obj.get("columns"))
        encoding = from_str(obj.get("encoding"))
        ignored_columns = from_list(from_str, obj.get("ignoredColumns"))
        delimiter = from_union([from_str, from_none], obj.get("delimiter"))
        type = from_union([FileType, from_none], obj.get("type"))
        return FileFormat(columns, encoding, ignored_columns, delimiter, type)

    def to_dict(self) -> dict:
        result: dict = {}
        result["columns"] = from_list(lambda x: to_class(ImportColumn, x), self.columns)
        result["encoding"] = from_str(self.encoding)
        result["ignoredColumns"] = from_list(from_str, self.ignored_columns)
        if self.delimiter is not None:
            result["delimiter"] = from_union([from_str, from_none], self.delimiter)
        if self.type is not None:
            result["type"] = from_union([lambda x: to_enum(FileType, x), from_none], self.type)
        return result


@dataclass
class StartImport:
    """The file is about to be read, from its first row."""

    format: FileFormat
    import_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'StartImport':
        assert isinstance(obj, dict)
        format = FileFormat.from_dict(obj.get("format"))
        import_id = UUID(obj.get("importId"))
        return StartImport(format, import_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["format"] = to_class(FileFormat, self.format)
        result["importId"] = str(self.import_id)
        return result


class RowOutcome(Enum):
    """What a row came to: its book was added, was there, was deleted after an earlier import of
    it, or is there with other content; or the
    row is no book.
    """
    ADDED = "added"
    ALREADY_THERE = "alreadyThere"
    DELETED_SINCE = "deletedSince"
    DIFFERENT = "different"
    REFUSED = "refused"


@dataclass
class RepairedValue:
    """What was put right, where the row was damaged and it is certain what it had been.
    
    A value that was read otherwise than it stands in the file.
    """
    repaired_value_from: str
    to: str

    @staticmethod
    def from_dict(obj: Any) -> 'RepairedValue':
        assert isinstance(obj, dict)
        repaired_value_from = from_str(obj.get("from"))
        to = from_str(obj.get("to"))
        return RepairedValue(repaired_value_from, to)

    def to_dict(self) -> dict:
        result: dict = {}
        result["from"] = from_str(self.repaired_value_from)
        result["to"] = from_str(self.to)
        return result


@dataclass
class ReportedRow:
    """A row that came to something that its sender may want to know."""

    outcome: RowOutcome
    reason: str
    book_id: Optional[str] = None
    """The book that was meant, of a row about a book."""

    column: Optional[str] = None
    """The column at fault, as the file calls it; of a record of MARC 21, the field."""

    line: Optional[int] = None
    """Where it begins in a file of lines; the first line is 1."""

    record: Optional[int] = None
    """Which record it is in a file of records; the first is 1."""

    repaired: Optional[RepairedValue] = None
    """What was put right, where the row was damaged and it is certain what it had been."""

    @staticmethod
    def from_dict(obj: Any) -> 'ReportedRow':
        assert isinstance(obj, dict)
        outcome = RowOutcome(obj.get("outcome"))
        reason = from_str(obj.get("reason"))
        book_id = from_union([from_str, from_none], obj.get("bookId"))
        column = from_union([from_str, from_none], obj.get("column"))
        line = from_union([from_int, from_none], obj.get("line"))
        record = from_union([from_int, from_none], obj.get("record"))
        repaired = from_union([RepairedValue.from_dict, from_none], obj.get("repaired"))
        return ReportedRow(outcome, reason, book_id, column, line, record, repaired)

    def to_dict(self) -> dict:
        result: dict = {}
        result["outcome"] = to_enum(RowOutcome, self.outcome)
        result["reason"] = from_str(self.reason)
        if self.book_id is not None:
            result["bookId"] = from_union([from_str, from_none], self.book_id)
        if self.column is not None:
            result["column"] = from_union([from_str, from_none], self.column)
        if self.line is not None:
            result["line"] = from_union([from_int, from_none], self.line)
        if self.record is not None:
            result["record"] = from_union([from_int, from_none], self.record)
        if self.repaired is not None:
            result["repaired"] = from_union([lambda x: to_class(RepairedValue, x), from_none], self.repaired)
        return result


@dataclass
class ImportTally:
    """How many rows came to what; together they are the rows that have been dealt with.
    
    Of all rows so far.
    """
    added: int
    already_there: int
    deleted_since: int
    different: int
    refused: int

    @staticmethod
    def from_dict(obj: Any) -> 'ImportTally':
        assert isinstance(obj, dict)
        added = from_int(obj.get("added"))
        already_there = from_int(obj.get("alreadyThere"))
        deleted_since = from_int(obj.get("deletedSince"))
        different = from_int(obj.get("different"))
        refused = from_int(obj.get("refused"))
        return ImportTally(added, already_there, deleted_since, different, refused)

    def to_dict(self) -> dict:
        result: dict = {}
        result["added"] = from_int(self.added)
        result["alreadyThere"] = from_int(self.already_there)
        result["deletedSince"] = from_int(self.deleted_since)
        result["different"] = from_int(self.different)
        result["refused"] = from_int(self.refused)
        return result


@dataclass
class RecordImportProgress:
    """All rows up to here have been dealt with."""

    bytes: int
    import_id: UUID
    report: List[ReportedRow]
    tally: ImportTally

    @staticmethod
    def from_dict(obj: Any) -> 'RecordImportProgress':
        assert isinstance(obj, dict)
        bytes = from_int(obj.get("bytes"))
        import_id = UUID(obj.get("importId"))
        report = from_list(ReportedRow.from_dict, obj.get("report"))
        tally = ImportTally.from_dict(obj.get("tally"))
        return RecordImportProgress(bytes, import_id, report, tally)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bytes"] = from_int(self.bytes)
        result["importId"] = str(self.import_id)
        result["report"] = from_list(lambda x: to_class(ReportedRow, x), self.report)
        result["tally"] = to_class(ImportTally, self.tally)
        return result


@dataclass
class CompleteImport:
    """The last row has been dealt with."""

    import_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'CompleteImport':
        assert isinstance(obj, dict)
        import_id = UUID(obj.get("importId"))
        return CompleteImport(import_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["importId"] = str(self.import_id)
        return result


class ImportFailure(Enum):
    """Why an import ended before its last row: the file is gone or has no column that it needs,
    or the program went wrong.
    """
    FILE_MISSING = "FileMissing"
    INTERNAL_ERROR = "InternalError"
    NO_TITLE_COLUMN = "NoTitleColumn"


@dataclass
class FailImport:
    """The rows that are left cannot be dealt with."""

    code: ImportFailure
    import_id: UUID
    detail: Optional[str] = None

    @staticmethod
    def from_dict(obj: Any) -> 'FailImport':
        assert isinstance(obj, dict)
        code = ImportFailure(obj.get("code"))
        import_id = UUID(obj.get("importId"))
        detail = from_union([from_str, from_none], obj.get("detail"))
        return FailImport(code, import_id, detail)

    def to_dict(self) -> dict:
        result: dict = {}
        result["code"] = to_enum(ImportFailure, self.code)
        result["importId"] = str(self.import_id)
        if self.detail is not None:
            result["detail"] = from_union([from_str, from_none], self.detail)
        return result


@dataclass
class ImportRequested:
    """Somebody sent a file to be imported."""

    dry_run: bool
    file: ImportFile

    @staticmethod
    def from_dict(obj: Any) -> 'ImportRequested':
        assert isinstance(obj, dict)
        dry_run = from_bool(obj.get("dryRun"))
        file = ImportFile.from_dict(obj.get("file"))
        return ImportRequested(dry_run, file)

    def to_dict(self) -> dict:
        result: dict = {}
        result["dryRun"] = from_bool(self.dry_run)
        result["file"] = to_class(ImportFile, self.file)
        return result


@dataclass
class ImportStarted:
    """The first row is about to be dealt with."""

    format: FileFormat

    @staticmethod
    def from_dict(obj: Any) -> 'ImportStarted':
        assert isinstance(obj, dict)
        format = FileFormat.from_dict(obj.get("format"))
        return ImportStarted(format)

    def to_dict(self) -> dict:
        result: dict = {}
        result["format"] = to_class(FileFormat, self.format)
        return result


@dataclass
class ImportProgressed:
    """So far has the import come, in the order of the file."""

    bytes: int
    """How much of the file has been read."""

    report: List[ReportedRow]
    """Rows that are reported since the last progress, in the order of the file."""

    tally: ImportTally
    """Of all rows so far."""

    @staticmethod
    def from_dict(obj: Any) -> 'ImportProgressed':
        assert isinstance(obj, dict)
        bytes = from_int(obj.get("bytes"))
        report = from_list(ReportedRow.from_dict, obj.get("report"))
        tally = ImportTally.from_dict(obj.get("tally"))
        return ImportProgressed(bytes, report, tally)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bytes"] = from_int(self.bytes)
        result["report"] = from_list(lambda x: to_class(ReportedRow, x), self.report)
        result["tally"] = to_class(ImportTally, self.tally)
        return result


@dataclass
class ImportCompleted:
    """All rows have been dealt with."""

    tally: ImportTally

    @staticmethod
    def from_dict(obj: Any) -> 'ImportCompleted':
        assert isinstance(obj, dict)
        tally = ImportTally.from_dict(obj.get("tally"))
        return ImportCompleted(tally)

    def to_dict(self) -> dict:
        result: dict = {}
        result["tally"] = to_class(ImportTally, self.tally)
        return result


@dataclass
class ImportFailed:
    """The import ended before the last row; what it had added stays."""

    code: ImportFailure
    detail: Optional[str] = None

    @staticmethod
    def from_dict(obj: Any) -> 'ImportFailed':
        assert isinstance(obj, dict)
        code = ImportFailure(obj.get("code"))
        detail = from_union([from_str, from_none], obj.get("detail"))
        return ImportFailed(code, detail)

    def to_dict(self) -> dict:
        result: dict = {}
        result["code"] = to_enum(ImportFailure, self.code)
        if self.detail is not None:
            result["detail"] = from_union([from_str, from_none], self.detail)
        return result


@dataclass
class GetImport:
    """Asks how far an import is."""

    import_id: UUID
    limit: int
    """How many rows of the report to give."""

    after: Optional[str] = None
    """The report begins after this place; without it, at its beginning."""

    @staticmethod
    def from_dict(obj: Any) -> 'GetImport':
        assert isinstance(obj, dict)
        import_id = UUID(obj.get("importId"))
        limit = from_int(obj.get("limit"))
        after = from_union([from_str, from_none], obj.get("after"))
        return GetImport(import_id, limit, after)

    def to_dict(self) -> dict:
        result: dict = {}
        result["importId"] = str(self.import_id)
        result["limit"] = from_int(self.limit)
        if self.after is not None:
            result["after"] = from_union([from_str, from_none], self.after)
        return result


@dataclass
class ImportEnd:
    """Why an import ended before its last row."""

    code: ImportFailure
    detail: Optional[str] = None

    @staticmethod
    def from_dict(obj: Any) -> 'ImportEnd':
        assert isinstance(obj, dict)
        code = ImportFailure(obj.get("code"))
        detail = from_union([from_str, from_none], obj.get("detail"))
        return ImportEnd(code, detail)

    def to_dict(self) -> dict:
        result: dict = {}
        result["code"] = to_enum(ImportFailure, self.code)
        if self.detail is not None:
            result["detail"] = from_union([from_str, from_none], self.detail)
        return result


class ImportState(Enum):
    """What an import is doing."""

    COMPLETED = "completed"
    FAILED = "failed"
    QUEUED = "queued"
    RUNNING = "running"


@dataclass
class ImportOperation:
    """Without it there is no such import.
    
    An import, as its stream tells it.
    """
    bytes_done: int
    dry_run: bool
    file: ImportFile
    position: str
    """The position of the import's last event, in decimal: whoever has seen it has seen what
    the import added.
    """
    report: List[ReportedRow]
    """A page of it, in the order of the file."""

    reported: int
    """How many rows are in the whole report; of a file with very many to report, the first ones."""

    requested_at: datetime
    rows: int
    state: ImportState
    tally: ImportTally
    failure: Optional[ImportEnd] = None
    """Why an import ended before its last row."""

    finished_at: Optional[datetime] = None
    format: Optional[FileFormat] = None
    """How a file turned out to be written."""

    next: Optional[str] = None
    """Where the next page of the report begins."""

    started_at: Optional[datetime] = None

    @staticmethod
    def from_dict(obj: Any) -> 'ImportOperation':
        assert isinstance(obj, dict)
        bytes_done = from_int(obj.get("bytesDone"))
        dry_run = from_bool(obj.get("dryRun"))
        file = ImportFile.from_dict(obj.get("file"))
        position = from_str(obj.get("position"))
        report = from_list(ReportedRow.from_dict, obj.get("report"))
        reported = from_int(obj.get("reported"))
        requested_at = from_datetime(obj.get("requestedAt"))
        rows = from_int(obj.get("rows"))
        state = ImportState(obj.get("state"))
        tally = ImportTally.from_dict(obj.get("tally"))
        failure = from_union([ImportEnd.from_dict, from_none], obj.get("failure"))
        finished_at = from_union([from_datetime, from_none], obj.get("finishedAt"))
        format = from_union([FileFormat.from_dict, from_none], obj.get("format"))
        next = from_union([from_str, from_none], obj.get("next"))
        started_at = from_union([from_datetime, from_none], obj.get("startedAt"))
        return ImportOperation(bytes_done, dry_run, file, position, report, reported, requested_at, rows, state, tally, failure, finished_at, format, next, started_at)

    def to_dict(self) -> dict:
        result: dict = {}
        result["bytesDone"] = from_int(self.bytes_done)
        result["dryRun"] = from_bool(self.dry_run)
        result["file"] = to_class(ImportFile, self.file)
        result["position"] = from_str(self.position)
        result["report"] = from_list(lambda x: to_class(ReportedRow, x), self.report)
        result["reported"] = from_int(self.reported)
        result["requestedAt"] = self.requested_at.isoformat()
        result["rows"] = from_int(self.rows)
        result["state"] = to_enum(ImportState, self.state)
        result["tally"] = to_class(ImportTally, self.tally)
        if self.failure is not None:
            result["failure"] = from_union([lambda x: to_class(ImportEnd, x), from_none], self.failure)
        if self.finished_at is not None:
            result["finishedAt"] = from_union([lambda x: x.isoformat(), from_none], self.finished_at)
        if self.format is not None:
            result["format"] = from_union([lambda x: to_class(FileFormat, x), from_none], self.format)
        if self.next is not None:
            result["next"] = from_union([from_str, from_none], self.next)
        if self.started_at is not None:
            result["startedAt"] = from_union([lambda x: x.isoformat(), from_none], self.started_at)
        return result


@dataclass
class ImportProgress:
    """How far an import is, and a page of its report."""

    operation: Optional[ImportOperation] = None
    """Without it there is no such import."""

    @staticmethod
    def from_dict(obj: Any) -> 'ImportProgress':
        assert isinstance(obj, dict)
        operation = from_union([ImportOperation.from_dict, from_none], obj.get("operation"))
        return ImportProgress(operation)

    def to_dict(self) -> dict:
        result: dict = {}
        if self.operation is not None:
            result["operation"] = from_union([lambda x: to_class(ImportOperation, x), from_none], self.operation)
        return result


class NoticeKind(Enum):
    """What people are told of: a copy waits for them, is due on the next day, or was due."""

    HOLD_READY = "HoldReady"
    RENT_DUE_TOMORROW = "RentDueTomorrow"
    RENT_OVERDUE = "RentOverdue"


@dataclass
class GiveNotice:
    """The time has come to tell somebody of something, if it is so."""

    about: str
    """The id of the rent or the hold that it is about."""

    kind: NoticeKind

    @staticmethod
    def from_dict(obj: Any) -> 'GiveNotice':
        assert isinstance(obj, dict)
        about = from_str(obj.get("about"))
        kind = NoticeKind(obj.get("kind"))
        return GiveNotice(about, kind)

    def to_dict(self) -> dict:
        result: dict = {}
        result["about"] = from_str(self.about)
        result["kind"] = to_enum(NoticeKind, self.kind)
        return result


@dataclass
class NoticeGiven:
    """Somebody is told of something: once for each kind, rent or hold, and day."""

    about: str
    """The id of the rent or the hold that it is about."""

    book_id: UUID
    day: str
    """The day by whose end the copy is to come back, or to be picked up."""

    kind: NoticeKind
    user_id: UUID

    @staticmethod
    def from_dict(obj: Any) -> 'NoticeGiven':
        assert isinstance(obj, dict)
        about = from_str(obj.get("about"))
        book_id = UUID(obj.get("bookId"))
        day = from_str(obj.get("day"))
        kind = NoticeKind(obj.get("kind"))
        user_id = UUID(obj.get("userId"))
        return NoticeGiven(about, book_id, day, kind, user_id)

    def to_dict(self) -> dict:
        result: dict = {}
        result["about"] = from_str(self.about)
        result["bookId"] = str(self.book_id)
        result["day"] = from_str(self.day)
        result["kind"] = to_enum(NoticeKind, self.kind)
        result["userId"] = str(self.user_id)
        return result


@dataclass
class NoticeMissed:
    """It was too late to tell somebody: the day on which it would have been true has passed."""

    about: str
    """The id of the rent or the hold that it is about."""

    day: str
    kind: NoticeKind

    @staticmethod
    def from_dict(obj: Any) -> 'NoticeMissed':
        assert isinstance(obj, dict)
        about = from_str(obj.get("about"))
        day = from_str(obj.get("day"))
        kind = NoticeKind(obj.get("kind"))
        return NoticeMissed(about, day, kind)

    def to_dict(self) -> dict:
        result: dict = {}
        result["about"] = from_str(self.about)
        result["day"] = from_str(self.day)
        result["kind"] = to_enum(NoticeKind, self.kind)
        return result
