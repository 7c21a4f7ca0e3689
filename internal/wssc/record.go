package wssc

import (
	"encoding/binary"
	"errors"
	"time"

	"wstrust/internal/alg"
)

// A Record is what a service keeps of a security context: its instance, and
// for a while those before, with which messages are still under way when the
// context is renewed.
type Record struct {
	Current Context
	Former  []Former // the latest first
}

// A Former is an instance that was renewed.
type Former struct {
	Context
	Until time.Time // it is accepted as long
}

// maxFormer is how many former instances are accepted. More than one there are
// if the answer to a renewal was lost, or if somebody renews all the time.
const maxFormer = 8

// Find returns the instance of that name, as far as it is accepted.
func (r *Record) Find(instance string, now time.Time) (Context, bool) {
	if instance == r.Current.Instance {
		return r.Current, true
	}
	for _, f := range r.Former {
		if instance == f.Instance && now.Before(f.Until) {
			return f.Context, true
		}
	}
	return Context{}, false
}

// Renewed returns the record with next as its instance. The one before is
// accepted for another while.
func (r *Record) Renewed(next Context, now time.Time, rollover time.Duration) *Record {
	out := &Record{Current: next, Former: []Former{{r.Current, now.Add(rollover)}}}
	for _, f := range r.Former {
		if now.Before(f.Until) && len(out.Former) < maxFormer {
			out.Former = append(out.Former, f)
		}
	}
	return out
}

// Ends returns until when the record is of use. For grace after its end a
// context can be renewed.
func (r *Record) Ends(grace time.Duration) time.Time {
	return r.Current.Expires.Add(grace)
}

// errRecord says that stored octets are not a record. They come from behind a
// seal, so they are of another version of this package.
var errRecord = errors.New("wssc: not a context of this version")

// recordVersion is the first octet of what is written.
const recordVersion = 1

// AppendBinary writes the record, its keys in the clear: whoever stores it must
// seal it.
func (r *Record) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, recordVersion, byte(len(r.Former)))
	b = r.Current.append(b)
	for _, f := range r.Former {
		b = appendTime(f.append(b), f.Until)
	}
	return b, nil
}

// ReadRecord reads what AppendBinary wrote.
func ReadRecord(b []byte) (*Record, error) {
	p := reader{b: b}
	if p.octet() != recordVersion {
		return nil, errRecord
	}
	n := p.octet()
	r := &Record{Current: p.context()}
	for range min(n, maxFormer) {
		r.Former = append(r.Former, Former{p.context(), p.time()})
	}
	if p.failed || len(p.b) != 0 {
		return nil, errRecord
	}
	return r, nil
}

// append writes a context.
func (c *Context) append(b []byte) []byte {
	for _, s := range [...]string{c.ID, c.Instance, string(c.Key.Secret()), string(c.Principal)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, t := range [...]time.Time{c.Created, c.Expires, c.Limit} {
		b = appendTime(b, t)
	}
	return b
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.BigEndian.AppendUint64(b, 0)
	}
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixMilli()))
}

// A reader takes octets apart; the first failure sticks.
type reader struct {
	b      []byte
	failed bool
}

func (p *reader) octet() byte {
	if len(p.b) == 0 {
		p.failed = true
		return 0
	}
	o := p.b[0]
	p.b = p.b[1:]
	return o
}

func (p *reader) octets() []byte {
	n, used := binary.Uvarint(p.b)
	if used <= 0 || n > uint64(len(p.b)-used) {
		p.failed = true
		return nil
	}
	s := p.b[used : used+int(n)]
	p.b = p.b[used+int(n):]
	return s
}

func (p *reader) time() time.Time {
	if len(p.b) < 8 {
		p.failed = true
		return time.Time{}
	}
	ms := binary.BigEndian.Uint64(p.b)
	p.b = p.b[8:]
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}

func (p *reader) context() Context {
	c := Context{ID: string(p.octets()), Instance: string(p.octets())}
	key, err := alg.SecretKey(p.octets())
	if err != nil {
		p.failed = true
	}
	c.Key = key
	c.Principal = append([]byte(nil), p.octets()...)
	c.Created, c.Expires, c.Limit = p.time(), p.time(), p.time()
	return c
}
