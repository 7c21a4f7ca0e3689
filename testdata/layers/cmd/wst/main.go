// Command wst may import anything above, and its own libraries.
package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/viper" // want foreign

	"wstrust"
	"wstrust/service"
)

var (
	_ cobra.Command
	_ viper.Viper
	_ wstrust.Config
	_ service.Verifier
)

func main() {}
