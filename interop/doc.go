// Package interop holds what this project is tested against: other people's
// implementations of the same specifications, each in a package of its own, so that
// a peer that cannot be had does not keep the others from running.
//
//	cxf       Apache CXF and WSS4J: their issuer, their service, their client
//	govmomi   the token client of the vSphere library
//	msal      the federated password flow of Microsoft's library
//	xmlsec    xmlsec1 checks a token that the tool wrote
//	c14n      libxml2 canonicalizes the same documents
//
// Run run.sh, which installs what they need and says what it could not install.
package interop
