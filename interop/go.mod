module wstrust/interop

go 1.26.0

require (
	github.com/AzureAD/microsoft-authentication-library-for-go v1.10.1
	github.com/vmware/govmomi v0.53.0
	software.sslmate.com/src/go-pkcs12 v0.7.4
	wstrust v0.0.0
)

require golang.org/x/crypto v0.58.0 // indirect

replace wstrust => ..
