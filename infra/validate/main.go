// Command validate reads what the system is deployed with, refuses what its users would refuse, and prints what it comes to as JSON,
// for the tests that compare it with the code.
//
//	validate manifests infra/k8s/overlays/production
//	validate compose compose.yaml NAME=VALUE…
//	validate tiltfile Tiltfile
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("validate manifests FOLDER | compose FILE [NAME=VALUE…] | tiltfile FILE"))
	}
	var result any
	var err error
	switch os.Args[1] {
	case "manifests":
		result, err = manifests(os.Args[2])
	case "compose":
		result, err = composition(os.Args[2], os.Args[3:])
	case "tiltfile":
		result, err = tiltfile(os.Args[2])
	default:
		err = fmt.Errorf("validate does not know %s", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
	fmt.Println(asJSON(result))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
