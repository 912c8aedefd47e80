package main

import (
	"context"

	"github.com/compose-spec/compose-go/v2/cli"
)

// composition loads a compose file with the library that Docker Compose loads it with: its schema, its interpolation, and that
// services, networks, volumes and secrets that are named exist.
func composition(file string, env []string) (any, error) {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv(env), cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}
