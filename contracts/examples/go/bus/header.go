// Package bus speaks to Shelfmark over NATS: it sends commands and follows mirrors.
package bus

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
)

// encoded is a text as a header holds it: CloudEvents has all but printable ASCII percent-encoded, and space, quote and
// percent too, so that no value can end its line and begin another.
func encoded(text string) string {
	var value strings.Builder
	for _, character := range []byte(text) {
		if character <= ' ' || character == '"' || character == '%' || character > '~' {
			fmt.Fprintf(&value, "%%%02X", character)
		} else {
			value.WriteByte(character)
		}
	}
	return value.String()
}

// reader reads headers, and remembers the first that is missing or wrong.
type reader struct {
	headers nats.Header
	err     error
}

func (r *reader) text(name string) string {
	value := r.headers.Get(name)
	if value == "" {
		r.fail(name, "is missing")
	}
	text, err := url.PathUnescape(value)
	if err != nil {
		r.fail(name, "is not percent-encoded UTF-8")
	}
	return text
}

func (r *reader) number(name string) uint64 {
	number, err := strconv.ParseUint(r.text(name), 10, 64)
	if err != nil {
		r.fail(name, "is not a number")
	}
	return number
}

// optionalNumber tells also whether it is there.
func (r *reader) optionalNumber(name string) (uint64, bool) {
	if r.headers.Get(name) == "" {
		return 0, false
	}
	return r.number(name), true
}

func (r *reader) fail(name, why string) {
	if r.err == nil {
		r.err = fmt.Errorf("header %s %s", name, why)
	}
}
