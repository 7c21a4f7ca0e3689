package webservices

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"wstrust"
	"wstrust/internal/xmltree"
)

// An XMLBuffer is WS_XML_BUFFER: elements side by side, in UTF-8. Every prefix
// in it is declared in it. XML holds the octets, which are kept as they are.
type XMLBuffer struct {
	XML string
}

// String tells how much there is. A buffer may hold a token, so fmt does not
// print it.
func (b XMLBuffer) String() string { return fmt.Sprintf("XMLBuffer of %d octets", len(b.XML)) }

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (b XMLBuffer) Format(f fmt.State, _ rune) { io.WriteString(f, b.String()) }

const (
	wrapOpen  = "<b>"
	wrapClose = "</b>"
)

// elements takes the buffer apart. A nil buffer has none.
func (b *XMLBuffer) elements() ([]wstrust.XML, error) {
	if b == nil || strings.TrimSpace(b.XML) == "" {
		return nil, nil
	}
	src := wrapOpen + b.XML + wrapClose
	d, err := xmltree.Parse([]byte(src), xmltree.Limits{Bytes: 16 << 20})
	if err != nil {
		return nil, err
	}
	root := d.Root()
	if err := root.OnlyElements(); err != nil {
		return nil, err
	}
	var out []wstrust.XML
	for e := range root.Children {
		out = append(out, wstrust.XML(e.Raw()))
	}
	return out, nil
}

// one returns the only element of the buffer.
func (b *XMLBuffer) one() (wstrust.XML, error) {
	all, err := b.elements()
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("%d elements, and there must be one", len(all))
	}
	if err != nil {
		return "", err
	}
	return all[0], nil
}

func buffer(x wstrust.XML) *XMLBuffer {
	if x == "" {
		return nil
	}
	return &XMLBuffer{XML: string(x)}
}

// A Heap is what is left of WS_HEAP: the owner of the secrets that
// [GetSecurityTokenProperty] hands out. Everything else is the garbage
// collector's. The zero Heap is ready, and a Heap is safe for concurrent use.
type Heap struct {
	mu      sync.Mutex
	secrets [][]byte
}

// CreateHeap is WsCreateHeap.
func CreateHeap(heap **Heap, e *Error) HRESULT {
	if heap == nil {
		return e.fail(E_INVALIDARG, "CreateHeap: nowhere to store the heap")
	}
	*heap = new(Heap)
	return S_OK
}

// ResetHeap is WsResetHeap: it overwrites what was allocated.
func ResetHeap(heap *Heap, e *Error) HRESULT {
	if heap == nil {
		return e.fail(E_INVALIDARG, "ResetHeap: no heap")
	}
	FreeHeap(heap)
	return S_OK
}

// FreeHeap is WsFreeHeap: it overwrites what was allocated.
func FreeHeap(heap *Heap) {
	if heap == nil {
		return
	}
	heap.mu.Lock()
	defer heap.mu.Unlock()
	for _, s := range heap.secrets {
		clear(s)
	}
	heap.secrets = nil
}

// keep gives a secret to the heap.
func (h *Heap) keep(secret []byte) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets = append(h.secrets, secret)
	return secret
}
