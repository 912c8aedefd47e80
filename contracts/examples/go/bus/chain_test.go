package bus

import "testing"

var mirror = Identity{LogID: "log", Generation: 7}

// chainOf is a chain that has followed the positions 1, 2 and 5.
func chainOf(t *testing.T) *Chain {
	t.Helper()
	chain := NewChain(mirror)
	for _, link := range []Link{
		{Identity: mirror, Sequence: 1, Position: 1},
		{Identity: mirror, Sequence: 2, Position: 2, Previous: 1, HasPrevious: true},
		{Identity: mirror, Sequence: 3, Position: 5, Previous: 2, HasPrevious: true},
	} {
		if err := chain.Follow(link); err != nil {
			t.Fatal(err)
		}
	}
	return chain
}

func TestChainGoesOn(t *testing.T) {
	chain := chainOf(t)
	if err := chain.Follow(Link{mirror, 4, 6, 5, true}); err != nil || chain.Count() != 4 {
		t.Fatalf("%v after %d", err, chain.Count())
	}
}

func TestChainIsBroken(t *testing.T) {
	for name, link := range map[string]Link{
		"by a hole in the stream":           {mirror, 5, 6, 5, true},
		"by a message that comes again":     {mirror, 3, 5, 2, true},
		"by an event that is missing":       {mirror, 4, 7, 6, true},
		"by an event without a predecessor": {mirror, 4, 6, 0, false},
		"by a position that goes back":      {mirror, 4, 5, 5, true},
		"by another log":                    {Identity{"other", 7}, 4, 6, 5, true},
		"by another generation":             {Identity{"log", 8}, 4, 6, 5, true},
	} {
		t.Run(name, func(t *testing.T) {
			if chainOf(t).Follow(link) == nil {
				t.Fatal("nothing was found")
			}
		})
	}
}
