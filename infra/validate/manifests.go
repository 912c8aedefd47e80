package main

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	autoscalingvalidation "k8s.io/kubernetes/pkg/apis/autoscaling/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests builds an overlay as `kubectl apply -k` does, and validates each object as the API server would: strictly, which refuses a
// field that is unknown or there twice, and then by the rules of its kind.
func manifests(overlay string) ([]any, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), overlay)
	if err != nil {
		return nil, err
	}
	schemas, err := operatorSchemas()
	if err != nil {
		return nil, err
	}
	decoder := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDecoder()

	var objects []any
	var mistakes []error
	for _, resource := range resources.Resources() {
		text, err := resource.MarshalJSON()
		if err != nil {
			return nil, err
		}
		kind := resource.GetGvk()
		name := fmt.Sprintf("%s %s", kind.Kind, resource.GetName())
		known := schema.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind}
		if schema, ok := schemas[kind.ApiVersion()+"/"+kind.Kind]; ok {
			err = validateBySchema(schema, text)
		} else if legacyscheme.Scheme.Recognizes(known) {
			err = validateByKind(decoder, text)
		} else {
			err = errors.New("nobody here knows this kind")
		}
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", name, err))
		}
		var object any
		if err := yaml.Unmarshal(text, &object); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, errors.Join(mistakes...)
}

func validateByKind(decoder runtime.Decoder, text []byte) error {
	// Defaults are set in passing, as the API server does before it validates.
	object, err := runtime.Decode(decoder, text)
	if err != nil {
		return err
	}
	return byKind(object)
}

func byKind(object runtime.Object) error {
	var mistakes field.ErrorList
	pods := corevalidation.PodValidationOptions{}
	switch object := object.(type) {
	case *apps.Deployment:
		mistakes = appsvalidation.ValidateDeployment(object, pods)
	case *apps.StatefulSet:
		mistakes = appsvalidation.ValidateStatefulSet(object, appsvalidation.StatefulSetValidationOptions{}, pods)
	case *autoscaling.HorizontalPodAutoscaler:
		options := autoscalingvalidation.HorizontalPodAutoscalerSpecValidationOptions{MinReplicasLowerBound: 1}
		mistakes = autoscalingvalidation.ValidateHorizontalPodAutoscaler(object, options)
	case *batch.Job:
		// A job's own validation asks for labels that the API server sets first; what can be wrong here is its pod.
		mistakes = corevalidation.ValidatePodTemplateSpec(&object.Spec.Template, field.NewPath("spec", "template"), pods)
	case *core.ConfigMap:
		mistakes = corevalidation.ValidateConfigMap(object)
	case *core.Namespace:
		mistakes = corevalidation.ValidateNamespace(object)
	case *core.Secret:
		mistakes = corevalidation.ValidateSecret(object)
	case *core.Service:
		// The API server fills it in first.
		if object.Spec.ClusterIP != "" {
			object.Spec.ClusterIPs = []string{object.Spec.ClusterIP}
		}
		mistakes = corevalidation.ValidateServiceCreate(object)
	case *networking.Ingress:
		mistakes = networkingvalidation.ValidateIngressCreate(object)
	case *networking.NetworkPolicy:
		mistakes = networkingvalidation.ValidateNetworkPolicy(object, networkingvalidation.NetworkPolicyValidationOptions{})
	case *policy.PodDisruptionBudget:
		mistakes = policyvalidation.ValidatePodDisruptionBudget(object, policyvalidation.PodDisruptionBudgetValidationOptions{})
	default:
		return errors.New("no rules for this kind are called here")
	}
	return mistakes.ToAggregate()
}
