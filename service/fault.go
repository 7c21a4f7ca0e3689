package service

import (
	"fmt"

	"wstrust/internal/soap"
)

// A Fault is an error that a handler returns for the peer to see. Any other
// error of a handler leaves as one constant fault, with the error itself in the
// log only.
type Fault struct {
	Receiver  bool   // the fault is ours; otherwise the sender's
	Namespace string // of Code
	Code      string // local name of the subcode; SOAP 1.1 has it as the faultcode. May be empty
	Reason    string // for people, in English
	Detail    XML    // one element, or empty
}

// Error implements error.
func (f *Fault) Error() string {
	who := "sender"
	if f.Receiver {
		who = "receiver"
	}
	return fmt.Sprintf("service: fault of the %s: %s: %q", who, f.Code, limited(f.Reason))
}

func (f *Fault) soap() soap.Fault {
	out := soap.Fault{Code: soap.Sender, Reason: f.Reason}
	if f.Receiver {
		out.Code = soap.Receiver
	}
	if f.Code != "" {
		out.Subcodes = []soap.Name{{Space: f.Namespace, Local: f.Code}}
	}
	if f.Detail != "" {
		out.DetailXML = []byte(f.Detail)
	}
	return out
}

// internalFault is what a peer sees of an error that is not a Fault.
func internalFault() soap.Fault {
	return soap.Fault{Code: soap.Receiver, Reason: "The message was accepted and could not be processed."}
}
