package rig

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"wstrust/service"
)

// Orders is a service of ours for clients that were made from its WSDL.
type Orders struct {
	URL  string
	WSDL string

	alter, alterAnswer atomic.Pointer[func([]byte) []byte]
	last               atomic.Pointer[[]byte]
	log                lastWrite
}

// A lastWrite keeps what was written last.
type lastWrite struct{ p atomic.Pointer[string] }

func (w *lastWrite) Write(p []byte) (int, error) {
	s := string(p)
	w.p.Store(&s)
	return len(p), nil
}

// Refusal is what the service logged last: why it refused.
func (o *Orders) Refusal() string {
	if p := o.log.p.Load(); p != nil {
		return *p
	}
	return ""
}

// Alter has every request pass through f before the service sees it; nil ends that.
func (o *Orders) Alter(f func(message []byte) []byte) {
	if f == nil {
		o.alter.Store(nil)
		return
	}
	o.alter.Store(&f)
}

// AlterAnswer is the same for answers.
func (o *Orders) AlterAnswer(f func(message []byte) []byte) {
	if f == nil {
		o.alterAnswer.Store(nil)
		return
	}
	o.alterAnswer.Store(&f)
}

// Last is the last request, as it came.
func (o *Orders) Last() []byte {
	if p := o.last.Load(); p != nil {
		return *p
	}
	return nil
}

// between stands between the client and the service.
func (o *Orders) between(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		o.last.Store(&body)
		if f := o.alter.Load(); f != nil {
			body = (*f)(bytes.Clone(body))
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		body = answer.Body.Bytes()
		if f := o.alterAnswer.Load(); f != nil {
			body = (*f)(body)
		}
		maps.Copy(w.Header(), answer.Header())
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		w.Write(body)
	})
}

// An order is the request of the one operation.
type order struct {
	XMLName xml.Name `xml:"urn:orders Get"`
	ID      string   `xml:"ID"`
}

// An orderState is its answer. Caller says who was authenticated.
type orderState struct {
	XMLName xml.Name `xml:"urn:orders GetResponse"`
	Address string   `xml:"Address"`
	Caller  string   `xml:"Caller"`
}

// NewOrders starts the service, over TLS with a certificate of ca unless with says
// InsecurePlaintext. It knows the one user there is and the certificates of ca; with
// adds to that.
func NewOrders(t testing.TB, ca *Authority, with func(*service.Verifier)) *Orders {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	o := &Orders{}
	clients := x509.NewCertPool()
	clients.AddCert(ca.Cert)
	v := &service.Verifier{
		Users: Users{}, ClientCAs: clients, Replay: NewReplay(t), Logger: slog.New(slog.NewTextHandler(&o.log, nil)),
	}
	if with != nil {
		with(v)
	}
	o.URL = "https://localhost:" + port(server.Listener.Addr()) + "/orders"
	if v.InsecurePlaintext {
		o.URL = strings.Replace(o.URL, "https", "http", 1)
	}
	o.WSDL = strings.ReplaceAll(ordersWSDL, "{url}", o.URL)
	v.Audiences, v.Addresses = []string{o.URL}, []string{o.URL}
	server.Config.Handler = o.between(v.Handler(func(_ context.Context, m *service.Message) (any, error) {
		var in order
		if err := m.Decode(&in); err != nil {
			return nil, err
		}
		return service.Reply{Action: "urn:orders/GetResponse", Body: orderState{Address: "address of " + in.ID, Caller: m.Principal().Name}}, nil
	}))
	server.Config.ErrorLog = slog.NewLogLogger(Logger(t).Handler(), slog.LevelInfo)
	t.Cleanup(server.Close)
	if v.InsecurePlaintext {
		server.Start()
		return o
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.RSA(t, "localhost").TLS()}}
	server.StartTLS()
	return o
}

// ordersWSDL has one operation with a document in and one out, and a port for
// each version of SOAP.
const ordersWSDL = `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:o="urn:orders" targetNamespace="urn:orders" name="Orders">
  <wsdl:types>
    <xsd:schema targetNamespace="urn:orders" elementFormDefault="qualified">
      <xsd:element name="Get"><xsd:complexType><xsd:sequence><xsd:element name="ID" type="xsd:string"/></xsd:sequence></xsd:complexType></xsd:element>
      <xsd:element name="GetResponse"><xsd:complexType><xsd:sequence>
        <xsd:element name="Address" type="xsd:string"/><xsd:element name="Caller" type="xsd:string"/>
      </xsd:sequence></xsd:complexType></xsd:element>
    </xsd:schema>
  </wsdl:types>
  <wsdl:message name="GetRequest"><wsdl:part name="parameters" element="o:Get"/></wsdl:message>
  <wsdl:message name="GetResponse"><wsdl:part name="parameters" element="o:GetResponse"/></wsdl:message>
  <wsdl:portType name="Orders">
    <wsdl:operation name="Get"><wsdl:input message="o:GetRequest"/><wsdl:output message="o:GetResponse"/></wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="Orders11" type="o:Orders">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Get"><soap:operation soapAction="urn:orders/Get"/><wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>
  </wsdl:binding>
  <wsdl:binding name="Orders12" type="o:Orders">
    <soap12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Get"><soap12:operation soapAction="urn:orders/Get"/><wsdl:input><soap12:body use="literal"/></wsdl:input><wsdl:output><soap12:body use="literal"/></wsdl:output></wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Orders">
    <wsdl:port name="Orders11" binding="o:Orders11"><soap:address location="{url}"/></wsdl:port>
    <wsdl:port name="Orders12" binding="o:Orders12"><soap12:address location="{url}"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`
