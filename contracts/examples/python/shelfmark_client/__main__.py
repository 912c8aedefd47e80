"""
A client of Shelfmark's bus, to copy from: it sends a command, follows a mirror, and reads and writes payloads.

usage:
  python -m shelfmark_client create-book TITLE           sends a command to book-service
  python -m shelfmark_client follow SERVICE [--to-end]   tells every event of user, book or rent, and proves that none is missing
  python -m shelfmark_client reencode                    reads payloads, {"type":…,"data":…} a line, and writes them again
NATS_URL says where the bus is.
"""

import asyncio
import json
import os
import sys
from uuid import uuid4

import nats
from nats.aio.client import Client
from nats.errors import TimeoutError as NoAnswer
from shelfmark_contracts import COMMANDS, EVENTS, CreateBook

from . import command, mirror


async def create_book(connection: Client, title: str) -> None:
    book_id = uuid4()
    payload = CreateBook(book_id=book_id, title=title, amount=1)
    for attempt in range(3):
        try:
            accepted = await command.send(connection, "/examples/python", str(book_id), payload, timeout_s=5)
            print(json.dumps(vars(accepted)))
            return
        except NoAnswer:
            # Whether it was carried out is not known. It has its id, so sending it again cannot make two books.
            if attempt == 2:
                raise


async def follow(connection: Client, service: str, to_end: bool) -> None:
    count = 0
    async for event in mirror.follow(connection, service, to_end=to_end):
        count += 1
        payload = EVENTS.get(event.type)
        # An event that is newer than this program is passed over.
        if payload:
            data = payload.from_dict(event.data).to_dict()
            told = {"position": event.link.position, "stream": event.stream, "type": event.type, "data": data}
            print(json.dumps(told), flush=True)
    print(f"{count} events, none missing", file=sys.stderr)


def reencode() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        payload = EVENTS.get(message["type"]) or COMMANDS[message["type"]]
        print(json.dumps({"type": message["type"], "data": payload.from_dict(message["data"]).to_dict()}))


async def main(arguments: list) -> None:
    if arguments == ["reencode"]:
        return reencode()
    connection = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"), name="client-python")
    try:
        if len(arguments) == 2 and arguments[0] == "create-book":
            await create_book(connection, arguments[1])
        elif len(arguments) >= 2 and arguments[0] == "follow":
            await follow(connection, arguments[1], "--to-end" in arguments)
        else:
            sys.exit(__doc__)
    finally:
        await connection.close()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1:]))
    except KeyboardInterrupt:
        pass
