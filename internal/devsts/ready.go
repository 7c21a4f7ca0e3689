package devsts

import "net"

// Ready is what a development STS tells when it listens: where everything is.
// Its JSON form is one line on standard output of "wst sts --dev".
type Ready struct {
	Trust13       string `json:"trust13"`        // URL, WS-Trust 1.3 and 1.4
	Trust2005     string `json:"trust2005"`      // URL, WS-Trust February 2005
	Service       string `json:"service"`        // URL of the demo service, and the AppliesTo for it
	ServiceAction string `json:"service_action"` // [Action]
	CA            string `json:"ca"`             // file, PEM: whom to trust for TLS
	Signer        string `json:"signer"`         // file, PEM: whose signature the tokens carry
	Users         []User `json:"users"`          // the generated user first, if its password is known
	ClientCert    string `json:"client_cert"`    // file, PEM
	ClientKey     string `json:"client_key"`     // file, PEM, with a private key in it
}

// A User is somebody who may ask for tokens.
type User struct {
	Name string `json:"name"`
	// Password is told only for the user that was generated: it protects
	// nothing but this state folder. It is empty for people one has brought.
	Password string `json:"password,omitempty"`
}

// Base returns the URL at which a listener with this address is reached.
func Base(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "https://" + addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "https://" + net.JoinHostPort(host, port)
}
