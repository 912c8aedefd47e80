package main

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Call is what a Tiltfile asked of Tilt.
type Call struct {
	Function string `json:"function"`
	// By position and by name.
	Args   []any          `json:"args"`
	Kwargs map[string]any `json:"kwargs"`
}

// The functions of Tilt that are stood in for: each call is recorded.
var functions = []string{
	"custom_build", "fall_back_on", "k8s_resource", "k8s_yaml", "kustomize", "local_resource", "sync",
}

// Of Tilt's extensions, by the name that they are loaded by.
var extensions = map[string][]string{
	"ext://uibutton": {"cmd_button", "text_input"},
}

// tiltfile executes a Tiltfile in the interpreter that Tilt has, and returns what it asked of Tilt.
// A function that is not known here, and an argument that is no value, are errors.
func tiltfile(file string) ([]Call, error) {
	calls := []Call{}
	record := func(name string) *starlark.Builtin {
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			call := Call{Function: name, Args: []any{}, Kwargs: map[string]any{}}
			for _, value := range args {
				plain, err := plainValue(value)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				call.Args = append(call.Args, plain)
			}
			for _, pair := range kwargs {
				plain, err := plainValue(pair[1])
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				call.Kwargs[string(pair[0].(starlark.String))] = plain
			}
			calls = append(calls, call)
			return starlark.String("<" + name + ">"), nil
		})
	}
	predeclared := starlark.StringDict{"local": starlark.NewBuiltin("local", localIn(filepath.Dir(file)))}
	for _, name := range functions {
		predeclared[name] = record(name)
	}
	thread := &starlark.Thread{
		Load: func(_ *starlark.Thread, module string) (starlark.StringDict, error) {
			loaded := starlark.StringDict{}
			for _, name := range extensions[module] {
				loaded[name] = record(name)
			}
			return loaded, nil
		},
	}
	// Tilt's own dialect.
	options := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
	_, err := starlark.ExecFileOptions(options, thread, file, nil, predeclared)
	return calls, err
}

// localIn runs a command in a folder, as Tilt does while it reads the Tiltfile.
func localIn(folder string) func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var text string
		var quiet bool
		if err := starlark.UnpackArgs("local", args, kwargs, "command", &text, "quiet?", &quiet); err != nil {
			return nil, err
		}
		command := exec.Command("sh", "-c", text)
		command.Dir = folder
		output, err := command.Output()
		return starlark.String(output), err
	}
}

func plainValue(value starlark.Value) (any, error) {
	switch value := value.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(value), nil
	case starlark.String:
		return string(value), nil
	case starlark.Int:
		number, _ := value.Int64()
		return number, nil
	case starlark.Iterable:
		items := []any{}
		iterator := value.Iterate()
		defer iterator.Done()
		var item starlark.Value
		for iterator.Next(&item) {
			plain, err := plainValue(item)
			if err != nil {
				return nil, err
			}
			items = append(items, plain)
		}
		return items, nil
	default:
		return nil, fmt.Errorf("a %s is not known here", value.Type())
	}
}
