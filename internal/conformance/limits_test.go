package conformance

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"wstrust"
	"wstrust/internal/corpora"
	"wstrust/service"
)

// TestLimitsAreDocumented: the struct stands in an internal package, so where it
// has its public names each field is told, with its default.
func TestLimitsAreDocumented(t *testing.T) {
	if reflect.TypeFor[wstrust.Limits]() != reflect.TypeFor[service.Limits]() {
		t.Error("a client and a service have limits of two types")
	}
	defaults := reflect.ValueOf(service.Limits{}.WithDefaults())
	for _, file := range []string{"config.go", "service/verifier.go"} {
		source, err := os.ReadFile(filepath.Join(corpora.Repository(t), file))
		if err != nil {
			t.Fatal(err)
		}
		before, _, ok := strings.Cut(string(source), "\ntype Limits = wsse.Limits\n")
		if !ok {
			t.Fatalf("%s has no Limits", file)
		}
		comment := before[strings.LastIndex(before, "\n\n"):]
		for i := range defaults.NumField() {
			name := defaults.Type().Field(i).Name
			line := regexp.MustCompile(`(?m)^//\t` + name + ` +([^;\n]+)(; (.+))?$`).FindStringSubmatch(comment)
			switch {
			case line == nil:
				t.Errorf("%s does not tell of %s", file, name)
			case name == "Legs" && file != "config.go":
			case strings.ReplaceAll(line[3], ",", "") != strings.ReplaceAll(shown(int(defaults.Field(i).Int()), line[3]), ",", ""):
				t.Errorf("%s says that %s is %q by default, and it is %d", file, name, line[3], defaults.Field(i).Int())
			}
		}
	}
}
