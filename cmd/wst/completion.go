package main

import (
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func completionCommand(*ui) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a script that completes wst commands in a shell",
		Long: `Completion prints a script that makes a shell complete the commands and flags
of wst.`,
		Example: `  # bash, this shell only
  source <(wst completion bash)

  # zsh, for good
  wst completion zsh > "${fpath[1]}/_wst"

  # fish, for good
  wst completion fish > ~/.config/fish/completions/wst.fish`,
		Args:                  exactly("the name of a shell"),
		ValidArgs:             []string{"bash", "zsh", "fish", "powershell"},
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return usage("bash, zsh, fish and powershell are", "completion: this shell is not known")
		},
	}
}

func versionCommand(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    `Version prints the version of wst, the commit it was built from if that is known, and the version of Go.`,
		Example: `  wst version`,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			return u.print([]byte("wst " + version() + "\n"))
		},
	}
}

// version reads what the Go command wrote into the binary.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	words := []string{info.Main.Version}
	if words[0] == "" {
		words[0] = "(devel)"
	}
	set := make(map[string]string)
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	if rev := set["vcs.revision"]; rev != "" {
		if set["vcs.modified"] == "true" {
			rev += "+changes"
		}
		words = append(words, rev)
	}
	return strings.Join(append(words, info.GoVersion), " ")
}
