package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func rootCommand(u *ui) *cobra.Command {
	root := &cobra.Command{
		Use:   "wst COMMAND",
		Short: "Get WS-Trust security tokens, look at them, and call services with them",
		Long: `wst gets security tokens from a WS-Trust issuer (a security token service, STS),
shows and verifies them, and calls SOAP services with them. It secures single SOAP
messages, and checks how one is secured.

Results alone go to standard output. Words for people go to standard error.
Passwords and keys are read from files, standard input or a prompt, never from
arguments.`,
		Example: `  # See all of it work, with nothing set up
  wst demo

  # An issuer to try things with; it prints one line of JSON when it is ready
  wst sts --dev --listen 127.0.0.1:8443 --state ./dev

  # Get a token, look at it, verify it, call a service with it
  wst issue --sts https://127.0.0.1:8443/trust/13 --ca dev/ca.pem \
      --user dev --password-file dev/dev-password \
      --applies-to https://127.0.0.1:8443/service --out token.xml
  wst inspect token.xml
  wst verify --signer dev/signer.pem token.xml
  wst call --endpoint https://127.0.0.1:8443/service --ca dev/ca.pem \
      --action urn:wstrust:demo:echo --data @body.xml --token token.xml

  # Secure a message by hand, and see what protects one
  wst protect --preset envelope --token token.json message.xml > secured.xml
  wst verify --signer dev/signer.pem secured.xml`,
		Args:          subcommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(u.in)
	root.SetOut(u.out) // help that was asked for is a result
	root.SetErr(u.err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpTemplate(helpTemplate)
	root.PersistentFlags().CountVarP(&u.verbose, "verbose", "v", "tell what is done; twice: show the messages too, with secrets masked")
	root.AddCommand(
		demoCommand(u), issueCommand(u), callCommand(u), inspectCommand(u), verifyCommand(u), protectCommand(u), stsCommand(u), completionCommand(u), versionCommand(u),
	)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return subcommand(root, args)
			}
			return c.Help()
		},
	})
	return root
}

// helpTemplate shows what a command is for, how it is used, and worked
// examples, before the long list of flags.
const helpTemplate = `{{with or .Long .Short}}{{. | trimTrailingWhitespaces}}

{{end}}Usage:
  {{.UseLine}}
{{- if .HasAvailableSubCommands}}

Commands:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}

` + exitHelp + `
`

// subcommand refuses a command that does not exist.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	next := `"wst --help" lists the commands`
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		next = fmt.Sprintf("did you mean %q?", "wst "+near[0])
	}
	return usage(next, "there is no command %.40q", args[0])
}

// exactly demands the named arguments and no others. What was given is not
// repeated: it might be a password that stands in the wrong place.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		next := seeHelp(cmd)
		switch {
		case len(args) < len(names):
			return usage(next, "%s: %s is missing", cmd.Name(), names[len(args)])
		case len(args) > len(names) && len(names) == 0:
			return usage(next, "%s: takes flags only, and was given %d argument(s) without one", cmd.Name(), len(args))
		case len(args) > len(names):
			return usage(next, "%s: takes only %s, and was given %d arguments", cmd.Name(), strings.Join(names, " "), len(args))
		}
		return nil
	}
}

func seeHelp(cmd *cobra.Command) string {
	return fmt.Sprintf("%q shows how it is used", cmd.CommandPath()+" --help")
}

// flagError makes the flag parser's error ours.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	// "unknown shorthand flag: 'p' in -psecret" repeats what was typed.
	if i := strings.LastIndex(text, " in -"); i >= 0 && strings.HasPrefix(text, "unknown shorthand") {
		text = text[:i]
	}
	next := seeHelp(cmd)
	if strings.HasPrefix(text, "unknown flag: --pass") {
		next = "passwords are never arguments: use --password-file, --password-stdin or the variable WST_PASSWORD"
	}
	return usage(next, "%s: %s", cmd.Name(), text)
}

// need demands flags that have no default. One that is given empty is given.
func need(cmd *cobra.Command, names ...string) error {
	var missing []string
	for _, name := range names {
		if !cmd.Flags().Changed(name) {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return usage(seeHelp(cmd), "%s: missing %s", cmd.Name(), strings.Join(missing, ", "))
}

// together refuses two flags of which only one can be followed.
func together(cmd *cobra.Command, one, other string) error {
	if cmd.Flags().Changed(one) && cmd.Flags().Changed(other) {
		return usage("give one of them", "%s: --%s and --%s exclude each other", cmd.Name(), one, other)
	}
	return nil
}

// A choice is a flag with a few allowed words.
type choice struct {
	value *string
	words []string
}

func newChoice(p *string, words ...string) *choice {
	*p = words[0]
	return &choice{p, words}
}

func (c *choice) String() string { return *c.value }
func (c *choice) Type() string   { return strings.Join(c.words, "|") }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return fmt.Errorf("it is one of %s", strings.Join(c.words, ", "))
	}
	*c.value = s
	return nil
}

// groups orders the flags of a command under headings.
type groups []group

type group struct {
	title string
	flags *cobra.Command // only its flag set is used
}

func (g *groups) add(title string) *cobra.Command {
	c := &cobra.Command{}
	c.Flags().SortFlags = false
	*g = append(*g, group{title, c})
	return c
}

// install gives the flags to cmd and shows them by group in its help.
func (g groups) install(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	for _, one := range g {
		cmd.Flags().AddFlagSet(one.flags.Flags())
	}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		out := cmd.OutOrStdout()
		fmt.Fprintf(out, "%s\n\nUsage:\n  %s\n\nExamples:\n%s\n", cmd.Long, cmd.UseLine(), cmd.Example)
		for _, one := range g {
			fmt.Fprintf(out, "\n%s:\n%s", one.title, one.flags.Flags().FlagUsages())
		}
		fmt.Fprintf(out, "\nEverywhere:\n%s\n%s\n", cmd.InheritedFlags().FlagUsages(), exitHelp)
	})
}
