import unittest

from shelfmark_client.mirror import Broken, Chain, Identity, Link

MIRROR = Identity("log", 7)


def chain_of_three() -> Chain:
    """A chain that has followed the positions 1, 2 and 5."""
    chain = Chain(MIRROR)
    for link in (Link(MIRROR, 1, 1, None), Link(MIRROR, 2, 2, 1), Link(MIRROR, 3, 5, 2)):
        chain.follow(link)
    return chain


class ChainTest(unittest.TestCase):
    def test_goes_on(self) -> None:
        chain = chain_of_three()
        chain.follow(Link(MIRROR, 4, 6, 5))
        self.assertEqual(chain.count, 4)

    def test_is_broken(self) -> None:
        for name, link in {
            "by a hole in the stream": Link(MIRROR, 5, 6, 5),
            "by a message that comes again": Link(MIRROR, 3, 5, 2),
            "by an event that is missing": Link(MIRROR, 4, 7, 6),
            "by an event without a predecessor": Link(MIRROR, 4, 6, None),
            "by a position that goes back": Link(MIRROR, 4, 5, 5),
            "by another log": Link(Identity("other", 7), 4, 6, 5),
            "by another generation": Link(Identity("log", 8), 4, 6, 5),
        }.items():
            with self.subTest(name), self.assertRaises(Broken):
                chain_of_three().follow(link)
