package xmltree

import (
	"errors"
	"time"
)

var errDateTime = errors.New("not a dateTime with a time zone")

// Time reads the text of e as xsd:dateTime. A zone is demanded: a time without
// one means something else on every machine. Up to nine digits of fraction are
// kept and further ones refused; leap seconds and hour 24 are refused.
func (e Elem) Time() (time.Time, error) {
	p, err := e.TextOctets()
	if err != nil {
		return time.Time{}, err
	}
	t, err := parseTime(trim(p))
	if err != nil {
		return time.Time{}, e.Errorf("%s: %s", clip(trim(p)), err.Error())
	}
	return t, nil
}

// ParseTime is [Elem.Time] for a value that is not an element's text.
func ParseTime(s string) (time.Time, error) { return parseTime([]byte(s)) }

// FormatTime writes a time the way WS-Security peers expect it: UTC, three
// digits of fraction, Z.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func parseTime(p []byte) (time.Time, error) {
	if len(p) < len("2006-01-02T15:04:05Z") || len(p) > 40 ||
		p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' || p[16] != ':' {
		return time.Time{}, errDateTime
	}
	year, ok1 := digits(p[0:4])
	month, ok2 := digits(p[5:7])
	day, ok3 := digits(p[8:10])
	hour, ok4 := digits(p[11:13])
	minute, ok5 := digits(p[14:16])
	second, ok6 := digits(p[17:19])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, errDateTime
	}
	rest := p[19:]
	nanos := 0
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 1 || n > 10 {
			return time.Time{}, errDateTime
		}
		nanos, _ = digits(rest[1:n])
		for k := n; k < 10; k++ {
			nanos *= 10
		}
		rest = rest[n:]
	}
	offset, ok := zone(rest)
	if !ok {
		return time.Time{}, errDateTime
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Year() != year || t.Month() != time.Month(month) || t.Day() != day {
		return time.Time{}, errDateTime // the 30th of February
	}
	return t.Add(-offset), nil
}

func zone(p []byte) (time.Duration, bool) {
	if len(p) == 1 && p[0] == 'Z' {
		return 0, true
	}
	if len(p) != 6 || p[3] != ':' || p[0] != '+' && p[0] != '-' {
		return 0, false
	}
	h, ok1 := digits(p[1:3])
	m, ok2 := digits(p[4:6])
	if !ok1 || !ok2 || m > 59 || h*60+m > 14*60 {
		return 0, false
	}
	d := time.Duration(h*60+m) * time.Minute
	if p[0] == '-' {
		d = -d
	}
	return d, true
}

func digits(p []byte) (n int, ok bool) {
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
