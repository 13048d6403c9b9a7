package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// The JavaScript underneath wants pointers everywhere; these keep the constructs readable.

func str(s string) *string { return jsii.String(s) }

func num(n float64) *float64 { return jsii.Number(n) }

func yes() *bool { return jsii.Bool(true) }

func list(items ...string) *[]*string { return jsii.Strings(items...) }

func seconds(n float64) awscdk.Duration { return awscdk.Duration_Seconds(jsii.Number(n)) }

func minutes(n float64) awscdk.Duration { return awscdk.Duration_Minutes(jsii.Number(n)) }

func hours(n float64) awscdk.Duration { return awscdk.Duration_Hours(jsii.Number(n)) }

func days(n float64) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }

// title is the name of a construct: OpsItems for opsitems is not worth a table.
func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// sortedKeys gives the keys in order, so that a template does not change with Go's map order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
