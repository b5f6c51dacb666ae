package probe

import (
	"bytes"
	"context"
	"strings"

	"adopt6/scanner/fetch"
	"adopt6/scanner/observation"
	"adopt6/scanner/similar"
)

// compare compares what every IPv6 address of a host delivers with what IPv4
// does, and changes the verdict on those that differ.
func (b *browser) compare(ctx context.Context, w *webHost) {
	var reference *redirectChain
	for _, a := range w.v4.addresses {
		if j := a.best(); j != nil && isContent(j.page()) {
			reference = j
			break
		}
	}
	if reference == nil {
		return
	}
	for _, a := range w.v6.addresses {
		j := a.best()
		if j == nil || !isContent(j.page()) {
			continue
		}
		judgement, similarity := b.compareChains(ctx, j, reference)
		a.similarity = float32(similarity)
		w.similarity = min(w.similarity, a.similarity)
		switch {
		case judgement == similar.Differs:
			w.content = broken(observation.ContentDiffers)
			if a.verdict.Status == observation.OK {
				a.verdict = partial(observation.ContentDiffers)
			}
		case judgement == similar.Same && w.content.Status == observation.Unmeasured:
			w.content = observation.Verdict{Status: observation.OK}
		}
	}
}

// isContent says whether a response is a page that can be compared.
func isContent(p *fetch.Response) bool { return p != nil && p.Status < 400 }

// compareChains compares the pages that two redirect chains ended with. As
// pages differ from one request to the next, IPv4 is fetched once more before
// they are judged, and IPv6 as well before they are called different.
func (b *browser) compareChains(ctx context.Context, v6, v4 *redirectChain) (similar.Judgement, float64) {
	if bytes.Equal(v6.page().Body, v4.page().Body) {
		return similar.Same, 1
	}
	here, there := []*similar.Page{contentOf(v6.page())}, []*similar.Page{contentOf(v4.page())}
	judgement, similarity := judgeContent(here, there)
	if judgement == similar.Same {
		return judgement, similarity
	}
	for _, more := range []struct {
		of    *redirectChain
		pages *[]*similar.Page
	}{{v4, &there}, {v6, &here}} {
		c := b.fetch(ctx, more.of.to, more.of.at, true)
		if c.verdict.Status != observation.OK || c.page.Location != "" || !isContent(c.page) {
			// How much the page differs from itself is not known.
			return similar.Unclear, similarity
		}
		*more.pages = append(*more.pages, contentOf(c.page))
		if judgement, similarity = judgeContent(here, there); judgement != similar.Differs {
			break
		}
	}
	return judgement, similarity
}

// judgeContent compares pages by their text and by their titles, as far as the
// title of a family is always the same.
func judgeContent(here, there []*similar.Page) (similar.Judgement, float64) {
	judgement, similarity := similar.Compare(here, there)
	if judgement != similar.Differs {
		agree := false
		for _, a := range here {
			for _, b := range there {
				agree = agree || similar.SameTitle(a, b)
			}
		}
		if !agree && similar.SameTitle(there[0], there[len(there)-1]) {
			judgement = similar.Differs
		}
	}
	return judgement, similarity
}

// contentOf returns what is compared of a response.
func contentOf(p *fetch.Response) *similar.Page {
	switch {
	case fetch.IsHTML(p.ContentType):
		return similar.OfHTML(p.Body, p.Title)
	case strings.HasPrefix(p.ContentType, "text/"), strings.HasSuffix(p.ContentType, "json"), strings.HasSuffix(p.ContentType, "xml"):
		return similar.OfText(p.Body)
	}
	return similar.OfBytes(p.Body)
}

// sameContent gives the verdict on the site's content from those on its hosts:
// one that differs is enough. The similarity is the least, 0 without a verdict.
func sameContent(hosts []*webHost) (verdict observation.Verdict, similarity float32) {
	verdict, similarity = unmeasured(observation.NotProbed), 1
	for _, w := range hosts {
		if w.content.Status == observation.Broken || verdict.Status == observation.Unmeasured {
			verdict = w.content
		}
		similarity = min(similarity, w.similarity)
	}
	if verdict.Status == observation.Unmeasured {
		return verdict, 0
	}
	return verdict, similarity
}
