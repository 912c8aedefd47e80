package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	contracts "shelfmark.example/contracts"
)

// Command is what somebody wants done.
type Command struct {
	// ID is a UUID. Sent again with the same one, the command has one effect and gets the same answer; what it makes has
	// its id.
	ID string
	// Type is one of the contracts, such as CreateBook.
	Type string
	// Data is the payload of that type.
	Data interface{}
	// ExpectedRevision is where the entity has to be, if that matters.
	ExpectedRevision *int64
}

// Accepted says where a command that is done, and durable, left its entity.
type Accepted struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	// Position is that of the entity's last event in its service's log, in decimal; empty where there is none.
	Position string `json:"position"`
}

// Rejection is the domain's no.
type Rejection struct {
	Code   string      `json:"code"`
	Detail interface{} `json:"detail"`
}

func (r *Rejection) Error() string { return "rejected: " + r.Code }

// Failure says that the command was not carried out.
type Failure struct {
	Name         string `json:"name"`
	Detail       string `json:"detail"`
	Field        string `json:"field"`
	RetryAfterMs int64  `json:"retryAfterMs"`
}

func (f *Failure) Error() string { return fmt.Sprintf("failed: %s %s %s", f.Name, f.Field, f.Detail) }

// Send sends a command to the service that owns what it is about, and waits for the answer until the context's deadline.
// The error is a *Rejection, a *Failure, or that of NATS; with the last it is not known whether the command was carried out,
// and to send it again with the same id is the way to find out.
func Send(ctx context.Context, connection *nats.Conn, source string, command Command) (*Accepted, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil, fmt.Errorf("command %s has no deadline", command.Type)
	}
	body, err := json.Marshal(command.Data)
	if err != nil {
		return nil, err
	}
	message := nats.NewMsg(contracts.CommandSubject(command.Type))
	message.Data = body
	for name, value := range map[string]string{
		"ce-specversion":     "1.0",
		"ce-id":              command.ID,
		"ce-type":            command.Type,
		"ce-source":          source,
		"ce-time":            time.Now().UTC().Format(time.RFC3339Nano),
		"ce-correlationid":   command.ID,
		"ce-causationid":     command.ID,
		"shelfmark-deadline": strconv.FormatInt(deadline.UnixMilli(), 10),
	} {
		message.Header.Set(name, encoded(value))
	}
	if command.ExpectedRevision != nil {
		message.Header.Set("ce-expectedrevision", strconv.FormatInt(*command.ExpectedRevision, 10))
	}

	answer, err := connection.RequestMsgWithContext(ctx, message)
	if err != nil {
		return nil, err
	}
	var reply struct {
		Accepted
		Rejection *Rejection `json:"rejection"`
		Failure   *Failure   `json:"failure"`
	}
	if err := json.Unmarshal(answer.Data, &reply); err != nil {
		return nil, err
	}
	switch {
	case reply.Rejection != nil:
		return nil, reply.Rejection
	case reply.Failure != nil:
		return nil, reply.Failure
	}
	return &reply.Accepted, nil
}
