package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Event is what happened, as a mirror holds it.
type Event struct {
	Link
	ID   string
	Type string
	// Stream is the entity's, and Revision the event's index in it.
	Stream   string
	Revision uint64
	// Data is the payload, as JSON.
	Data []byte
}

// Checkpoint is the last event that was dealt with. Keep it in the same transaction as what came of the event.
type Checkpoint struct {
	LogID    string
	Position uint64
}

// NewLog says that the log is another one than the checkpoint's: what came of the old one has to be forgotten.
type NewLog struct{ LogID string }

func (n *NewLog) Error() string { return "the log is another one: " + n.LogID }

// Broken says that a mirror does not hold together: an event is missing, or the mirror is being made anew. Its relay makes
// the next generation; follow again, from the checkpoint.
type Broken struct{ Reason error }

func (b *Broken) Error() string { return "the mirror is broken: " + b.Reason.Error() }
func (b *Broken) Unwrap() error { return b.Reason }

// Follow reads a service's mirror from its first message, proves its chain, and handles each event after the checkpoint, in
// the order of the log. With untilEnd it returns after the last event there is; else it goes on until the context is done.
// It returns how many events the mirror was seen to have.
func Follow(
	ctx context.Context, connection *nats.Conn, service string, after *Checkpoint, untilEnd bool,
	handle func(Event) error,
) (uint64, error) {
	js, err := jetstream.New(connection)
	if err != nil {
		return 0, err
	}
	stream, err := js.Stream(ctx, strings.ToUpper(service))
	if err != nil {
		return 0, err
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return 0, err
	}
	var mirror Identity
	if err := json.Unmarshal([]byte(info.Config.Description), &mirror); err != nil || mirror.LogID == "" {
		return 0, &Broken{fmt.Errorf("%s is no mirror", info.Config.Name)}
	}
	if after != nil && after.LogID != mirror.LogID {
		return 0, &NewLog{mirror.LogID}
	}
	if info.State.Msgs != info.State.LastSeq {
		return 0, &Broken{fmt.Errorf("it has %d of %d messages", info.State.Msgs, info.State.LastSeq)}
	}
	chain := NewChain(mirror)
	if untilEnd && info.State.Msgs == 0 {
		return 0, nil
	}

	// All of the stream: what a filter leaves out would be missing from the chain.
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return 0, err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return 0, err
	}
	defer messages.Stop()
	defer context.AfterFunc(ctx, messages.Stop)()
	for {
		message, err := messages.Next()
		if ctx.Err() != nil {
			return chain.Count(), nil
		}
		if err != nil {
			return chain.Count(), err
		}
		event, err := eventOf(message)
		if err == nil {
			err = chain.Follow(event.Link)
		}
		if err != nil {
			return chain.Count(), &Broken{err}
		}
		// After a new generation the same events come again, at the same positions.
		if after == nil || event.Position > after.Position {
			if err := handle(event); err != nil {
				return chain.Count(), err
			}
		}
		if untilEnd && chain.Count() >= info.State.Msgs {
			return chain.Count(), nil
		}
	}
}

func eventOf(message jetstream.Msg) (Event, error) {
	metadata, err := message.Metadata()
	if err != nil {
		return Event{}, err
	}
	header := reader{headers: message.Headers()}
	previous, hasPrevious := header.optionalNumber("ce-previousposition")
	event := Event{
		Link: Link{
			Identity:    Identity{LogID: header.text("ce-logid"), Generation: header.number("ce-generation")},
			Sequence:    metadata.Sequence.Stream,
			Position:    header.number("ce-position"),
			Previous:    previous,
			HasPrevious: hasPrevious,
		},
		ID:       header.text("ce-id"),
		Type:     header.text("ce-type"),
		Stream:   header.text("ce-subject"),
		Revision: header.number("ce-revision"),
		Data:     message.Data(),
	}
	return event, header.err
}
