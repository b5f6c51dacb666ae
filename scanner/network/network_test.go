package network

import "testing"

func TestMailbox(t *testing.T) {
	t.Parallel()
	for contact, want := range map[string]string{
		"": "", "https://example.org/scan": "", "noc@example.org": "noc@example.org", "mailto:noc@example.org": "noc@example.org", "noc@": "",
	} {
		if got := mailbox(contact); got != want {
			t.Errorf("%q: From is %q", contact, got)
		}
	}
}
