"""Follows a service's mirror: its whole log, in order, with the proof that nothing is missing."""

import json
from dataclasses import dataclass
from typing import Any, AsyncIterator, Optional

from nats.aio.client import Client
from nats.errors import TimeoutError as NothingYet
from nats.js.api import DeliverPolicy

from . import headers
from .headers import MalformedHeader


@dataclass(frozen=True)
class Identity:
    """Which making of which log's mirror something is part of."""

    log_id: str
    generation: int


@dataclass(frozen=True)
class Link:
    """What makes an event a link of the chain."""

    mirror: Identity
    sequence: int
    """Its place in the JetStream stream."""
    position: int
    """Its place in the log."""
    previous: Optional[int]
    """The position of the event before it; None for the log's first."""


@dataclass(frozen=True)
class Event:
    """What happened."""

    link: Link
    id: str
    type: str
    stream: str
    revision: int
    data: Any


@dataclass(frozen=True)
class Checkpoint:
    """The last event that was dealt with. Keep it in the same transaction as what came of the event."""

    log_id: str
    position: int


class NewLog(Exception):
    """The log is another one than the checkpoint's: what came of the old one has to be forgotten."""


class Broken(Exception):
    """
    A mirror does not hold together: an event is missing, or the mirror is being made anew. Its relay makes the next
    generation; follow again, from the checkpoint.
    """


class Chain:
    """Follows a mirror from its first message, and finds where it does not hold together."""

    def __init__(self, mirror: Identity) -> None:
        self.count = 0
        self._mirror = mirror
        self._position: Optional[int] = None

    def follow(self, link: Link) -> None:
        """Takes the next link; raises Broken where it does not follow."""
        if link.sequence != self.count + 1:
            raise Broken(f"sequence {link.sequence} comes after {self.count}")
        if link.mirror != self._mirror:
            raise Broken(f"message {link.sequence} is of {link.mirror}")
        if link.previous != self._position:
            raise Broken(f"message {link.sequence} follows position {link.previous}, not {self._position}")
        if link.previous is not None and link.position <= link.previous:
            raise Broken(f"message {link.sequence} goes back from position {link.previous} to {link.position}")
        self.count += 1
        self._position = link.position


async def follow(
    connection: Client, service: str, after: Optional[Checkpoint] = None, to_end: bool = False
) -> AsyncIterator[Event]:
    """
    Reads a service's mirror from its first message, proves its chain, and gives each event after the checkpoint, in the order
    of the log; for ever, or to the last event that there is.

    Raises NewLog and Broken, and what NATS raises.
    """
    stream = service.upper()
    js = connection.jetstream()
    info = await js.stream_info(stream)
    mirror = _identity(info.config.description)
    if after and after.log_id != mirror.log_id:
        raise NewLog(mirror.log_id)
    if info.state.messages != info.state.last_seq:
        raise Broken(f"it has {info.state.messages} of {info.state.last_seq} messages")
    chain = Chain(mirror)
    # All of the stream: what a filter leaves out would be missing from the chain.
    subscription = await js.subscribe(
        f"shelfmark.events.{service}.*", stream=stream, ordered_consumer=True, deliver_policy=DeliverPolicy.ALL
    )
    try:
        while not (to_end and chain.count >= info.state.messages):
            try:
                message = await subscription.next_msg(timeout=1)
            except NothingYet:
                continue
            event = _event(message)
            chain.follow(event.link)
            # After a new generation the same events come again, at the same positions.
            if after is None or event.link.position > after.position:
                yield event
    finally:
        await subscription.unsubscribe()


def _identity(description: Optional[str]) -> Identity:
    try:
        identity = json.loads(description or "")
        return Identity(identity["logId"], identity["generation"])
    except (ValueError, KeyError, TypeError) as error:
        raise Broken("the stream is no mirror") from error


def _event(message: Any) -> Event:
    values = message.headers or {}
    try:
        link = Link(
            Identity(headers.text(values, "ce-logid"), headers.number(values, "ce-generation")),
            message.metadata.sequence.stream,
            headers.number(values, "ce-position"),
            headers.optional_number(values, "ce-previousposition"),
        )
        return Event(
            link,
            headers.text(values, "ce-id"),
            headers.text(values, "ce-type"),
            headers.text(values, "ce-subject"),
            headers.number(values, "ce-revision"),
            json.loads(message.data),
        )
    except (MalformedHeader, ValueError) as error:
        raise Broken(f"message {message.metadata.sequence.stream}: {error}") from error
