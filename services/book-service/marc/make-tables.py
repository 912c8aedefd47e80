"""Prints src/import/marc/marc8-tables.ts.

The source is marc8_mapping.py of pymarc 5.4.0, which was made from the Library of Congress's code tables (codetables.xml):

    pip install pymarc==5.4.0
    python3 services/book-service/marc/make-tables.py > services/book-service/src/import/marc/marc8-tables.ts
"""

import unicodedata

from pymarc import marc8_mapping as source

# The final character of the escape sequence that a set is chosen with.
SETS = {
    "B": (source.CHARSET_42, "Basic Latin (ASCII)"),
    "E": (source.CHARSET_45, "Extended Latin (ANSEL)"),
    "2": (source.CHARSET_32, "Basic Hebrew"),
    "3": (source.CHARSET_33, "Basic Arabic"),
    "4": (source.CHARSET_34, "Extended Arabic"),
    "N": (source.CHARSET_4E, "Basic Cyrillic"),
    "Q": (source.CHARSET_51, "Extended Cyrillic"),
    "S": (source.CHARSET_53, "Basic Greek"),
    "b": (source.CHARSET_62, "Subscripts"),
    "g": (source.CHARSET_67, "Greek symbols"),
    "p": (source.CHARSET_70, "Superscripts"),
}
GAP = " "

# A mark over two letters is in two halves, each before its letter. The code tables' first choice for both is the mark of Unicode that spans
# two letters, after the first of them; the source has their second choice, halves.
source.CHARSET_45[0xEB] = (0x361, 1)
source.CHARSET_45[0xFA] = (0x360, 1)
del source.CHARSET_45[0xEC], source.CHARSET_45[0xFB]


def literal(text):
    """A string in single quotes; what has no shape of its own is escaped."""
    out = ""
    for character in text:
        bare = unicodedata.category(character)[0] in "LNPS" and unicodedata.bidirectional(character) not in ("R", "AL")
        if character in "'\\":
            out += "\\" + character
        elif character == GAP or bare:
            out += character
        else:
            assert ord(character) < 0x10000
            out += f"\\u{ord(character):04x}"
    return f"'{out}'"


def row(codes):
    """What the codes 0x21 to 0x7E stand for, in their order; a space for nothing."""
    return "".join(chr(codes[code]) if code in codes else GAP for code in range(0x21, 0x7F)).rstrip(GAP)


print("// Made by services/book-service/marc/make-tables.py: do not edit. Its source and licence are in the README.md beside that script.")
print()
print("/** By the letter that a set is chosen with: what the codes 0x21 to 0x7E stand for, in their order; a space for nothing. */")
print("// prettier-ignore")
print("export const characterSets: Readonly<Record<string, string>> = {")
for final, (table, name) in SETS.items():
    codes = {code & 0x7F: value for code, (value, _) in table.items() if 0x21 <= (code & 0x7F) <= 0x7E and code not in range(0x80, 0xA1)}
    print(f"  // {name}")
    print(f"  {literal(final)}: {literal(row(codes))},")
print("};")
print()
print("/** East Asian characters (EACC): by the first two of a character's three bytes, what each third one makes of it. */")
print("// prettier-ignore")
print("export const eastAsian: Readonly<Record<string, string>> = {")
rows = {}
for code, (value, combining) in source.CHARSET_31.items():
    assert not combining
    if 0x21 <= (code & 0xFF) <= 0x7E:
        rows.setdefault(code >> 8, {})[code & 0xFF] = value
for code, value in source.ODD_MAP.items():
    if code >> 16 < 0x7F:
        rows.setdefault(code >> 8, {})[code & 0xFF] = value
for first_two, codes in sorted(rows.items()):
    print(f"  '{first_two:04x}': {literal(row(codes))},")
print("};")
