package resolve

import (
	"adopt6/scanner/observation"
	"sync/atomic"
	"time"
)

// pending is one try of one query over UDP, from submission to outcome. It
// belongs to one goroutine at a time: the submitter's, then the socket's
// writer's, then that of whoever takes it out of the table of ids.
type pending struct {
	next    *pending // in a queue
	server  *server
	q       question
	timeout time.Duration
	sent    time.Time
	// doubtful is set when a message came that may be the answer and may be
	// forged. It belongs to the goroutine that reads the entry in the table of
	// ids.
	doubtful bool

	// owner, when set, is told of the outcome by the socket's goroutine, and
	// must neither block nor keep reply. Without it the outcome is left in
	// the fields below and done gets a token.
	owner  finisher
	done   chan struct{}      // holds one token
	reply  []byte             // nil when there was none
	reason observation.Reason // why there was none
	rtt    time.Duration
}

// finisher takes the outcome of a pending query; reply is nil when there is
// none.
type finisher interface {
	finish(p *pending, reply []byte)
}

// newPending returns a query to fill in and submit.
func (t *udpTransport) newPending() *pending {
	if p, ok := t.pendings.Get().(*pending); ok {
		return p
	}
	return &pending{done: make(chan struct{}, 1)}
}

// free gives p back. One that was abandoned before its outcome is left to the
// garbage collector instead: the socket still holds it.
func (t *udpTransport) free(p *pending) {
	p.next, p.server, p.owner, p.reason = nil, nil, nil, ""
	p.q.cookie, p.q.fixed, p.doubtful = nil, false, false
	if cap(p.reply) > 4096 {
		p.reply = nil
	}
	t.pendings.Put(p)
}

// complete delivers the outcome: a reply, or the reason for none. reply is
// only lent.
func (p *pending) complete(reply []byte, reason observation.Reason, rtt time.Duration) {
	p.reason, p.rtt = reason, rtt
	if p.owner != nil {
		p.owner.finish(p, reply)
		return
	}
	p.reply = append(p.reply[:0], reply...)
	p.done <- struct{}{}
}

// expire delivers that no answer came in time that is beyond doubt.
func (p *pending) expire() {
	if p.doubtful {
		p.complete(nil, reasonDoubtful, 0)
		return
	}
	p.complete(nil, observation.Timeout, 0)
}

// queue hands queries from any number of goroutines to one.
type queue struct {
	head atomic.Pointer[pending]
	wake chan struct{} // holds one token
}

// closedQueue is the head of a queue that takes no more.
var closedQueue = new(pending)

// push appends p; it returns false when the queue is closed.
func (q *queue) push(p *pending) bool {
	for {
		head := q.head.Load()
		if head == closedQueue {
			return false
		}
		p.next = head
		if q.head.CompareAndSwap(head, p) {
			if head == nil {
				select {
				case q.wake <- struct{}{}:
				default:
				}
			}
			return true
		}
	}
}

// take returns everything queued, oldest first, linked by next.
func (q *queue) take() *pending { return reverse(q.head.Swap(nil)) }

// close ends the queue and returns what was still in it.
func (q *queue) close() *pending {
	head := q.head.Swap(closedQueue)
	if head == closedQueue {
		return nil
	}
	return reverse(head)
}

func reverse(p *pending) *pending {
	var first *pending
	for p != nil {
		p.next, first, p = first, p, p.next
	}
	return first
}
