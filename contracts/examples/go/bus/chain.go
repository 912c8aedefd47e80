package bus

import "fmt"

// Identity says which making of which log's mirror something is part of.
type Identity struct {
	LogID      string `json:"logId"`
	Generation uint64 `json:"generation"`
}

// Link is what makes an event a link of the chain.
type Link struct {
	Identity
	// Sequence is its place in the JetStream stream.
	Sequence uint64
	// Position is its place in the log.
	Position uint64
	// Previous is the position of the event before it; HasPrevious is false for the log's first.
	Previous    uint64
	HasPrevious bool
}

// Chain follows a mirror from its first message, and finds where it does not hold together.
type Chain struct {
	mirror   Identity
	count    uint64
	position uint64
}

// NewChain begins before the first message of a mirror.
func NewChain(mirror Identity) *Chain {
	return &Chain{mirror: mirror}
}

// Count is how many links were followed.
func (c *Chain) Count() uint64 { return c.count }

// Follow takes the next link; the error says what is wrong with it.
func (c *Chain) Follow(link Link) error {
	switch {
	case link.Sequence != c.count+1:
		return fmt.Errorf("sequence %d comes after %d", link.Sequence, c.count)
	case link.Identity != c.mirror:
		return fmt.Errorf("message %d is of generation %d of log %s", link.Sequence, link.Generation, link.LogID)
	case link.HasPrevious != (c.count > 0) || link.Previous != c.position:
		return fmt.Errorf("message %d follows position %d, not %d", link.Sequence, link.Previous, c.position)
	case link.HasPrevious && link.Position <= link.Previous:
		return fmt.Errorf("message %d goes back from position %d to %d", link.Sequence, link.Previous, link.Position)
	}
	c.count++
	c.position = link.Position
	return nil
}
