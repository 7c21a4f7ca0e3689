module wstrust/interop/controls/goxmldsig

go 1.26.0

require (
	github.com/beevik/etree v1.5.0
	github.com/russellhaering/goxmldsig v1.5.0
)

require github.com/jonboulle/clockwork v0.5.0 // indirect
