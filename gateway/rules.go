// Package gateway holds the one file the REST routes are written in, for the code that needs to know them at run time.
package gateway

import _ "embed"

// HTTPRules is http_rules.yaml: which REST route leads to which RPC. protoc-gen-grpc-gateway reads the same file.
//
//go:embed http_rules.yaml
var HTTPRules []byte
