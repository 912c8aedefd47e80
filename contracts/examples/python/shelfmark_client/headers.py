"""Texts as headers hold them: CloudEvents has all but printable ASCII percent-encoded, and space, quote and percent too."""

import re
from typing import Mapping, Optional
from urllib.parse import quote, unquote

_printable = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
_number = re.compile(r"(0|[1-9][0-9]*)\Z")


class MalformedHeader(Exception):
    """A header that is missing or wrong."""


def encoded(text: str) -> str:
    return quote(text, safe=_printable)


def text(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise MalformedHeader(f"header {name} is missing")
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedHeader(f"header {name} is not percent-encoded UTF-8") from error


def number(headers: Mapping[str, str], name: str) -> int:
    value = text(headers, name)
    if not _number.match(value):
        raise MalformedHeader(f"header {name} is not a number")
    return int(value)


def optional_number(headers: Mapping[str, str], name: str) -> Optional[int]:
    return number(headers, name) if name in headers else None
