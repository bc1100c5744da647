//go:build tools

// Package h2spec pins what .ci/run builds, at versions that the Go of Debian 12 (1.19) compiles:
// without this, h2spec's own dependencies, which it does not pin, would be the newest.
package h2spec

import _ "github.com/summerwind/h2spec/cmd/h2spec"
