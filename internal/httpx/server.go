package httpx

import (
	"errors"
	"net/http"

	"wstrust/internal/soap"
)

// Receive reads the SOAP packet of a request, at most limit octets. Errors are
// [ErrTooLarge], [ErrEmpty], [http.ErrNotSupported] for another method than
// POST, or the connection's.
func Receive(w http.ResponseWriter, r *http.Request, limit int64) (soap.Packet, error) {
	if r.Method != http.MethodPost {
		return soap.Packet{}, http.ErrNotSupported
	}
	if r.ContentLength > limit {
		return soap.Packet{}, ErrTooLarge
	}
	body, err := readAll(http.MaxBytesReader(w, r.Body, limit+1), r.ContentLength, limit)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return soap.Packet{}, ErrTooLarge
	}
	if err != nil {
		return soap.Packet{}, err
	}
	if len(body) == 0 {
		return soap.Packet{}, ErrEmpty
	}
	return soap.Packet{
		ContentType: r.Header.Get("Content-Type"),
		SOAPAction:  r.Header.Get("SOAPAction"),
		Body:        body,
	}, nil
}

// Send writes a packet as the answer.
func Send(w http.ResponseWriter, status int, p soap.Packet) error {
	h := w.Header()
	h.Set("Content-Type", p.ContentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, err := w.Write(p.Body)
	return err
}
