package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// exchangeAlone sends q to s on a connection of its own, which it closes after
// the answer. Waiting for a free connection is not part of timeout; the time returned is that from query to answer.
func (t *tcpTransport) exchangeAlone(ctx context.Context, timeout time.Duration, s *server, q question) ([]byte, time.Duration, error) {
	if s.tcpErr != nil {
		return nil, 0, s.tcpErr
	}
	release, err := t.slots.acquire(ctx, s.addr.Addr(), budgetOf(ctx))
	if err != nil {
		return nil, 0, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.tcp.String())
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer context.AfterFunc(t.ctx, func() { conn.Close() })()
	reply, rtt, err := exchangeOn(conn, q)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return reply, rtt, err
}

// exchangeOn sends q and reads the one message that comes back.
func exchangeOn(conn net.Conn, q question) ([]byte, time.Duration, error) {
	b := q.appendQuery(make([]byte, 2, 2+maxQuery), uint16(rand.Uint32()))
	binary.BigEndian.PutUint16(b, uint16(len(b)-2))
	sent := time.Now()
	if _, err := conn.Write(b); err != nil {
		return nil, 0, fmt.Errorf("send: %w", err)
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, 0, closedEarly(err)
	}
	reply := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, reply); err != nil {
		return nil, 0, closedEarly(err)
	}
	if len(reply) < headerLen || [2]byte(reply) != [2]byte(b[2:]) || !q.isAnswerTo(reply) {
		return nil, 0, errOtherAnswer
	}
	return reply, time.Since(sent), nil
}

// errOtherAnswer is returned for a message that answers something else.
var errOtherAnswer = errors.New("the message answers another question")

func closedEarly(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errPipelineClosed
	}
	return err
}
