// Package httpx is at the rim, so I/O and the clock are its business.
package httpx

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra" // want foreign

	"wstrust/cmd/wst" // want cmd
)

func exchange(context.Context, *http.Client) time.Time {
	main.Run(&cobra.Command{})
	return time.Now()
}
