package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	// Named so that their modules are pinned in go.mod: what is used of them are the definitions of their resources.
	_ "github.com/cert-manager/cert-manager/pkg/apis/certmanager"
	_ "github.com/cloudnative-pg/cloudnative-pg/pkg/versions"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// Where the operators' modules keep the definitions of their resources.
var definitions = map[string]string{
	"github.com/cert-manager/cert-manager":     "deploy/crds/*.yaml",
	"github.com/cloudnative-pg/cloudnative-pg": "config/crd/bases/*.yaml",
}

// operatorSchemas returns the schemas of the operators' resources, by apiVersion and kind, such as
// "cert-manager.io/v1/Certificate". A field that a schema does not name is refused.
func operatorSchemas() (map[string]*jsonschema.Schema, error) {
	schemas := map[string]*jsonschema.Schema{}
	for module, pattern := range definitions {
		directory, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		if err != nil {
			return nil, fmt.Errorf("the folder of %s: %w", module, err)
		}
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(directory)), pattern))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("%s has no %s", module, pattern)
		}
		for _, file := range files {
			if err := addDefinition(schemas, file); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return schemas, nil
}

func addDefinition(schemas map[string]*jsonschema.Schema, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var definition struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPIV3Schema map[string]any
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &definition); err != nil {
		return err
	}
	for _, version := range definition.Spec.Versions {
		name := definition.Spec.Group + "/" + version.Name + "/" + definition.Spec.Names.Kind
		schema := version.Schema.OpenAPIV3Schema
		closeObjects(schema)
		// The schema says nothing of what every object has.
		properties, _ := schema["properties"].(map[string]any)
		properties["metadata"] = map[string]any{"type": "object"}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource(name, schema); err != nil {
			return err
		}
		compiled, err := compiler.Compile(name)
		if err != nil {
			return err
		}
		schemas[name] = compiled
	}
	return nil
}

// closeObjects makes a field that is not in the schema a mistake, as the API server does under strict validation.
func closeObjects(schema any) {
	switch node := schema.(type) {
	case map[string]any:
		_, isObject := node["properties"].(map[string]any)
		_, isOpen := node["additionalProperties"]
		if isObject && !isOpen && node["x-kubernetes-preserve-unknown-fields"] != true && node["type"] == "object" {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			closeObjects(child)
		}
	case []any:
		for _, child := range node {
			closeObjects(child)
		}
	}
}

func validateBySchema(schema *jsonschema.Schema, object []byte) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(object)))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func asJSON(value any) string {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		panic(err)
	}
	return string(text)
}
