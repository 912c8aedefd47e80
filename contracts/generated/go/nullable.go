// Code generated from contracts/src by npm run generate. DO NOT EDIT.

package shelfmark

import "encoding/json"

// Nullable is a field that can be left out (the zero value), null, or a value: in a change, "stays as it is", "is taken away"
// and "becomes". It is a map because encoding/json leaves out an empty one; it has one entry at most.
type Nullable[T any] map[bool]T

// Null is a field that is there and null.
func Null[T any]() Nullable[T] {
	var none T
	return Nullable[T]{false: none}
}

// Value is a field with a value.
func Value[T any](value T) Nullable[T] {
	return Nullable[T]{true: value}
}

// IsNull tells whether the field is there and null.
func (n Nullable[T]) IsNull() bool {
	_, isNull := n[false]
	return isNull
}

// Get gives the value, and whether there is one.
func (n Nullable[T]) Get() (value T, ok bool) {
	value, ok = n[true]
	return value, ok
}

// MarshalJSON is for encoding/json.
func (n Nullable[T]) MarshalJSON() ([]byte, error) {
	if value, ok := n[true]; ok {
		return json.Marshal(value)
	}
	return []byte("null"), nil
}

// UnmarshalJSON is for encoding/json.
func (n *Nullable[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = Null[T]()
		return nil
	}
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	*n = Value(value)
	return nil
}
