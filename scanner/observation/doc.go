// Package observation is the vocabulary of adopt6: what one scan learnt about
// one target, the statuses and reasons of its verdicts, and the texts that
// explain them. It is plain data, which scanner, store and report share; it
// asks nothing, stores nothing and imports only lists.
package observation
