"""Sends commands to the services that own what they are about."""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional

from nats.aio.client import Client
from shelfmark_contracts import COMMAND_SUBJECTS

from .headers import encoded


@dataclass(frozen=True)
class Accepted:
    """Where a command that is done, and durable, left its entity."""

    id: str
    revision: int
    position: Optional[int]


class Rejected(Exception):
    """The domain's no."""

    def __init__(self, code: str, detail: Any = None) -> None:
        super().__init__(f"rejected: {code}")
        self.code = code
        self.detail = detail


class Failed(Exception):
    """The command was not carried out."""

    def __init__(self, name: str, detail: Optional[str], field: Optional[str]) -> None:
        super().__init__(f"failed: {name} {field or ''} {detail or ''}".rstrip())
        self.name = name
        self.field = field


async def send(
    connection: Client,
    source: str,
    command_id: str,
    payload: Any,
    timeout_s: float,
    expected_revision: Optional[int] = None,
) -> Accepted:
    """
    Sends a command, the payload's class being its type, and waits for the answer.

    The id is a UUID. Sent again with the same one, the command has one effect and gets the same answer; what it makes has its
    id. After a timeout it is not known whether the command was carried out, and to send it again is the way to find out.

    Raises Rejected, Failed, and what NATS raises.
    """
    command_type = type(payload).__name__
    headers = {
        "ce-specversion": "1.0",
        "ce-id": command_id,
        "ce-type": command_type,
        "ce-source": source,
        "ce-time": datetime.now(timezone.utc).isoformat(),
        "ce-correlationid": command_id,
        "ce-causationid": command_id,
        "shelfmark-deadline": str(int((time.time() + timeout_s) * 1000)),
    }
    if expected_revision is not None:
        headers["ce-expectedrevision"] = str(expected_revision)
    answer = await connection.request(
        COMMAND_SUBJECTS[command_type],
        json.dumps(payload.to_dict()).encode(),
        timeout=timeout_s,
        headers={name: encoded(value) for name, value in headers.items()},
    )
    reply = json.loads(answer.data)
    if "rejection" in reply:
        raise Rejected(reply["rejection"]["code"], reply["rejection"].get("detail"))
    if "failure" in reply:
        failure = reply["failure"]
        raise Failed(failure["name"], failure.get("detail"), failure.get("field"))
    position = reply.get("position")
    return Accepted(reply["id"], reply["revision"], None if position is None else int(position))
