package zonefile

import (
	"bytes"
	"encoding/binary"
	"math"
)

// matchOnDisk does what matchInMemory does when the shared name servers do not
// fit in memory: the delegations ask for them, the questions are sorted by
// host and answered by walking them and the hosts side by side, and the
// answers are sorted back into the order of the delegations.
func (m *matcher) matchOnDisk() error {
	questions := newSorter(m.disk, m.cfg.Memory/5)
	defer questions.close()
	answers := newSorter(m.disk, m.cfg.Memory/10)
	defer answers.close()
	waiting, err := m.disk.create()
	if err != nil {
		return err
	}
	defer waiting.close()
	if err := m.ask(questions, waiting); err != nil {
		return err
	}
	m.zone.delegations.close()
	if err := m.answer(&follower{from: questions.all()}, answers); err != nil {
		return err
	}
	return m.finishOnDisk(waiting, questions, answers)
}

// question identifies a name server of a delegation.
type question struct {
	delegation uint64 // its number in canonical order, or nobody
	server     uint32
}

// nobody stands for NS records that are not a delegation.
const nobody = math.MaxUint64

// append appends the question in a form that sorts as it does.
func (q question) append(b []byte) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b, q.delegation), q.server)
}

func questionFrom(b []byte) question {
	return question{binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:])}
}

// ask lists which shared name servers the delegations have, and puts the
// delegations aside.
func (m *matcher) ask(questions *sorter, waiting *spill) error {
	var id []byte
	askFor := func(g *group, number uint64) error {
		for i, s := range g.d.Servers {
			if s.Kind != Sibling {
				continue
			}
			id = question{number, uint32(i)}.append(id[:0])
			if err := questions.add(s.Name, id); err != nil {
				return err
			}
		}
		return nil
	}
	var number uint64
	err := m.eachDelegation(func(g *group) error {
		if err := askFor(g, number); err != nil {
			return err
		}
		number++
		return waiting.append(g.owner, g.facts)
	}, func(g *group) error {
		return askFor(g, nobody)
	})
	if err != nil {
		return err
	}
	return waiting.flush()
}

// answer looks the questions up among the hosts, both in order of the hosts.
func (m *matcher) answer(questions *follower, answers *sorter) error {
	return m.eachHost(func(h host) error {
		counted := false
		return questions.find(h.name, func(id []byte) error {
			if questionFrom(id).delegation == nobody {
				return nil
			}
			if !counted {
				m.countGlueHost(h.glue)
				counted = true
			}
			return answers.add(id, []byte{byte(h.glue)})
		})
	})
}

// finishOnDisk completes the delegations that were put aside.
func (m *matcher) finishOnDisk(waiting *spill, questions, answers *sorter) error {
	from := waiting.open(section{0, waiting.size})
	hosts := m.hosts()
	asked := &follower{from: questions.all()}
	answered := &follower{from: answers.all()}
	g := new(group)
	var id []byte
	for number := uint64(0); ; number++ {
		owner, facts, err := from.next()
		if err != nil || owner == nil {
			return err
		}
		g.reset(owner)
		g.facts = append(g.facts, facts...)
		g.resolve(m.zone.apex)
		for i := range g.d.Servers {
			s := &g.d.Servers[i]
			switch s.Kind {
			case Sibling:
				id = question{number, uint32(i)}.append(id[:0])
				err = answered.find(id, func(glue []byte) error {
					s.Glue = Glue(glue[0])
					return nil
				})
			case InDomain:
				err = m.finishInDomain(s, hosts, asked)
			}
			if err != nil {
				return err
			}
		}
		if err := m.finish(&g.d); err != nil {
			return err
		}
	}
}

// finishInDomain completes a name server that lies in the delegated domain.
func (m *matcher) finishInDomain(s *Server, hosts *hostReader, asked *follower) (err error) {
	if s.Glue, err = hosts.find(s.Name); err != nil {
		return err
	}
	s.OwnOnly = true
	counted := false
	err = asked.find(s.Name, func(id []byte) error {
		s.OwnOnly = false
		counted = counted || questionFrom(id).delegation != nobody
		return nil
	})
	if !counted && s.Glue != 0 {
		m.countGlueHost(s.Glue)
	}
	return err
}

// follower looks keys up in a run, in the order of the keys.
type follower struct {
	from         run
	key, payload []byte
	started      bool
}

// find calls visit with the payload of every item of that key. Keys must be
// asked for in order.
func (f *follower) find(key []byte, visit func(payload []byte) error) (err error) {
	for {
		order := 1
		if f.key != nil {
			order = bytes.Compare(key, f.key)
		}
		if f.started && (f.key == nil || order < 0) {
			return nil
		}
		if f.started && order == 0 {
			if err := visit(f.payload); err != nil {
				return err
			}
		}
		f.started = true
		if f.key, f.payload, err = f.from.next(); err != nil {
			return err
		}
	}
}
