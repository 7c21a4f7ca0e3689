module wstrust/bench

go 1.26.0

require (
	github.com/beevik/etree v1.8.1
	github.com/moov-io/signedxml v1.2.3
	github.com/russellhaering/goxmldsig v1.6.1
	github.com/vmware/govmomi v0.53.0
	wstrust v0.0.0
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/jonboulle/clockwork v0.5.0 // indirect
)

replace wstrust => ..
