// A client of Shelfmark's bus, to copy from: it sends a command, follows a mirror, and reads and writes payloads.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"shelfmark.example/client/bus"
	contracts "shelfmark.example/contracts"
)

const usage = `usage:
  client create-book TITLE           sends a command to book-service
  client follow SERVICE [--to-end]   tells every event of user, book or rent, and proves that none is missing
  client reencode                    reads payloads, {"type":…,"data":…} a line, and writes them again
NATS_URL says where the bus is.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	arguments := os.Args[1:]
	var err error
	switch {
	case len(arguments) == 2 && arguments[0] == "create-book":
		err = connected(func(nc *nats.Conn) error { return createBook(ctx, nc, arguments[1]) })
	case len(arguments) >= 2 && arguments[0] == "follow":
		toEnd := len(arguments) > 2 && arguments[2] == "--to-end"
		err = connected(func(nc *nats.Conn) error { return follow(ctx, nc, arguments[1], toEnd) })
	case len(arguments) == 1 && arguments[0] == "reencode":
		err = reencode()
	default:
		err = errors.New(usage)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func connected(do func(*nats.Conn) error) error {
	url := os.Getenv("NATS_URL")
	if url == "" {
		url = nats.DefaultURL
	}
	connection, err := nats.Connect(url, nats.Name("client-go"))
	if err != nil {
		return err
	}
	defer connection.Close()
	return do(connection)
}

func createBook(ctx context.Context, connection *nats.Conn, title string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	command := bus.Command{
		ID:   id.String(),
		Type: "CreateBook",
		Data: contracts.CreateBook{BookID: id.String(), Title: title, Amount: 1},
	}
	for attempt := 1; ; attempt++ {
		accepted, err := sendWithin(ctx, connection, 5*time.Second, command)
		if errors.Is(err, context.DeadlineExceeded) && attempt < 3 {
			// Whether it was carried out is not known. It has its id, so sending it again cannot make two books.
			continue
		}
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(accepted)
	}
}

func sendWithin(ctx context.Context, nc *nats.Conn, limit time.Duration, command bus.Command) (*bus.Accepted, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return bus.Send(ctx, nc, "/examples/go", command)
}

func follow(ctx context.Context, connection *nats.Conn, service string, toEnd bool) error {
	output := json.NewEncoder(os.Stdout)
	count, err := bus.Follow(ctx, connection, service, nil, toEnd, func(event bus.Event) error {
		data := contracts.NewEvent(event.Type)
		if data == nil {
			// An event that is newer than this program: what is not known is passed over.
			return nil
		}
		if err := json.Unmarshal(event.Data, data); err != nil {
			return fmt.Errorf("event %s of %s: %w", event.ID, event.Stream, err)
		}
		return output.Encode(map[string]interface{}{
			"position": event.Position, "stream": event.Stream, "type": event.Type, "data": data,
		})
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d events, none missing\n", count)
	return nil
}

func reencode() error {
	output := json.NewEncoder(os.Stdout)
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		var message struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(input.Bytes(), &message); err != nil {
			return err
		}
		data := contracts.NewEvent(message.Type)
		if data == nil {
			data = contracts.NewCommand(message.Type)
		}
		if data == nil {
			return fmt.Errorf("the contracts have no %s", message.Type)
		}
		if err := json.Unmarshal(message.Data, data); err != nil {
			return fmt.Errorf("%s: %w", message.Type, err)
		}
		if err := output.Encode(map[string]interface{}{"type": message.Type, "data": data}); err != nil {
			return err
		}
	}
	return input.Err()
}
