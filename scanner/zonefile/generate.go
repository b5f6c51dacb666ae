package zonefile

import (
	"bytes"
	"fmt"
	"strconv"
)

// Bounds on $GENERATE: the records of one directive, and of all in one input.
const (
	maxGenerate    = 1 << 20
	maxGenerateAll = 1 << 24
)

// generator makes the lines of a $GENERATE directive as BIND defines it:
// $GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE DATA.
type generator struct {
	at, stop, step int64
	template       []byte
	owner          Name // of the record before the directive; nil for none
}

// startGenerate reads the directive; nextLine then yields its lines.
func (z *Reader) startGenerate(line []byte, pos int) error {
	token, pos, err := nextToken(line, pos)
	if err != nil {
		return err
	}
	g, err := parseRange(token)
	if err != nil {
		return err
	}
	template := bytes.TrimLeft(line[pos:], " \t")
	if len(template) == 0 {
		return faultf("write $GENERATE START-STOP[/STEP] OWNER TYPE DATA", "$GENERATE has a range but no record")
	}
	z.generated += int((g.stop-g.at)/g.step) + 1
	if z.generated > maxGenerateAll {
		return &FormatError{File: z.src.name, Problem: fmt.Sprintf("line %d: $GENERATE makes more than %d records in all", z.startLine, maxGenerateAll)}
	}
	g.template = bytes.Clone(template)
	g.owner = z.saveOwner()
	z.generate = g
	return nil
}

// endGenerate continues after a $GENERATE, whose records lend their owner to
// none.
func (z *Reader) endGenerate() {
	z.restoreOwner(z.generate.owner)
	z.generate = nil
}

func parseRange(token []byte) (*generator, error) {
	const fix = "write START-STOP or START-STOP/STEP, for example 1-254"
	bounds, step, hasStep := bytes.Cut(token, []byte{'/'})
	start, stop, ok := bytes.Cut(bounds, []byte{'-'})
	from, ok1 := parseNumber(start, 1<<31-1)
	to, ok2 := parseNumber(stop, 1<<31-1)
	by, ok3 := uint64(1), true
	if hasStep {
		by, ok3 = parseNumber(step, 1<<31-1)
	}
	if !ok || !ok1 || !ok2 || !ok3 || by == 0 || from > to {
		return nil, faultf(fix, "$GENERATE: malformed range %s", quoted(token))
	}
	if (to-from)/by >= maxGenerate {
		return nil, faultf("split it", "$GENERATE: the range %s makes more than %d records", quoted(token), maxGenerate)
	}
	return &generator{at: int64(from), stop: int64(to), step: int64(by)}, nil
}

// next appends the next line to buf; nil when there is none.
func (g *generator) next(buf []byte) ([]byte, error) {
	if g.at > g.stop {
		return nil, nil
	}
	n := g.at
	g.at += g.step
	t := g.template
	for i := 0; i < len(t); i++ {
		switch {
		case t[i] == '\\' && i+1 < len(t) && t[i+1] == '$':
			buf = append(buf, '$')
			i++
		case t[i] == '\\' && i+1 < len(t):
			buf = append(buf, t[i], t[i+1])
			i++
		case t[i] != '$':
			buf = append(buf, t[i])
		case i+1 < len(t) && t[i+1] == '$':
			buf = append(buf, '$')
			i++
		case i+1 < len(t) && t[i+1] == '{':
			width := bytes.IndexByte(t[i:], '}')
			if width < 0 {
				return nil, faultf("close it with }", "$GENERATE: ${ is not closed")
			}
			var err error
			if buf, err = appendModified(buf, n, string(t[i+2:i+width])); err != nil {
				return nil, err
			}
			i += width
		default:
			buf = strconv.AppendInt(buf, n, 10)
		}
		if len(buf) > maxLine {
			return nil, faultf("shorten it", "$GENERATE: a record is longer than 1 MiB")
		}
	}
	return buf, nil
}

// appendModified appends n as the modifier OFFSET[,WIDTH[,BASE]] wants it.
func appendModified(buf []byte, n int64, modifier string) ([]byte, error) {
	malformed := faultf("write ${OFFSET,WIDTH,BASE} with a base of d, o, x, X, n or N, for example ${0,3,d}",
		"$GENERATE: malformed modifier %s", quoted([]byte(modifier)))
	fields := bytes.Split([]byte(modifier), []byte{','})
	offset, err := strconv.ParseInt(string(fields[0]), 10, 32)
	if err != nil || len(fields) > 3 {
		return nil, malformed
	}
	width, base := uint64(0), byte('d')
	if len(fields) > 1 {
		var ok bool
		if width, ok = parseNumber(fields[1], 253); !ok {
			return nil, malformed
		}
	}
	if len(fields) > 2 {
		if len(fields[2]) != 1 {
			return nil, malformed
		}
		base = fields[2][0]
	}
	n += offset
	if n < 0 {
		return nil, faultf("raise the offset or the start of the range", "$GENERATE: the offset makes a number below zero")
	}
	switch base {
	case 'd':
		return fmt.Appendf(buf, "%0*d", width, n), nil
	case 'o':
		return fmt.Appendf(buf, "%0*o", width, n), nil
	case 'x':
		return fmt.Appendf(buf, "%0*x", width, n), nil
	case 'X':
		return fmt.Appendf(buf, "%0*X", width, n), nil
	case 'n', 'N':
		return appendNibbles(buf, n, int(width), base == 'N'), nil
	}
	return nil, malformed
}

// appendNibbles appends n as hexadecimal digits in reverse order with dots
// between them, as names below ip6.arpa have them. width counts digits and
// dots.
func appendNibbles(buf []byte, n int64, width int, upper bool) []byte {
	digits := "0123456789abcdef"
	if upper {
		digits = "0123456789ABCDEF"
	}
	for first := true; first || n > 0 || width > 0; first = false {
		if !first {
			buf = append(buf, '.')
			width--
		}
		buf = append(buf, digits[n&15])
		n >>= 4
		width--
	}
	return buf
}
