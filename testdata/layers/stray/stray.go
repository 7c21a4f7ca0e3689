// Package stray is not in the policy.
package stray // want unlisted
