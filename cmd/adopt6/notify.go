package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/report/notify"
	"adopt6/report/notify/channels"
	"adopt6/scanner/network"
	"adopt6/scanner/schedule"
)

func newNotifyCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Tell people by webhook, e-mail or file what changed",
		Long: `Send a digest of what a run of a job changed: which services over IPv6 were
gained, lost and broken, by country and domain, with reasons and fixes in one of
six languages. The section "notify" of the configuration lists the channels:
webhooks, addresses of e-mail, files. docs/notifications.md explains them.

The scheduler sends one digest per channel after each run. Without it,
'adopt6 notify send' after a scan does the same. What cannot be delivered waits
on disk: the scheduler tries it again, and so does 'adopt6 notify flush'.`,
		Example: `  adopt6 notify test
  adopt6 notify send --dry-run
  adopt6 notify pending`,
		Args: cobra.ArbitraryArgs,
		RunE: unknownCommand,
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newNotifyFlushCommand(a), newNotifyPendingCommand(a), newNotifySendCommand(a), newNotifyTestCommand(a))
	return cmd
}

func newNotifySendCommand(a *app) *cobra.Command {
	var scan, job string
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Send what a scan changed to every channel",
		Long: `Compare a scan with the one before it and send the digest to every channel. A
channel that was sent the digest of this scan is not sent it again, and one for
which there is no news is sent nothing, unless it has "always: true".

The scan before is the last of the same list and vantage; with --job it is that
of the job's last run before.`,
		Example: `  adopt6 scan --list ministries.csv && adopt6 notify send
  adopt6 notify send --dry-run
  adopt6 notify send --scan 4f0c --job monthly --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.notifySend(cmd.Context(), scan, job, dryRun, asJSON)
		},
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringVar(&scan, "scan", "latest", "scan, by its id or the start of it; or latest, the last that was\nfinished")
	cmd.Flags().StringVar(&job, "job", "", "compare with the last run of this job of the scheduler")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the digests and send nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what became of each message as JSON; with --dry-run the\ndigests")
	return cmd
}

func newNotifyTestCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test [CHANNEL...]",
		Short: "Send a digest with invented changes to every channel",
		Long: `Send a digest that says it is a test, with invented changes of example domains,
to every channel or those named. It is sent once, and whether it was taken is
said at once: nothing is queued on disk.`,
		Example: `  adopt6 notify test
  adopt6 notify test noc --json`,
		RunE: func(cmd *cobra.Command, names []string) error { return a.notifyTest(cmd.Context(), names, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func newNotifyPendingCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "pending",
		Short: "Print the messages that wait, or were given up",
		Long: `Print the messages that wait to be delivered, with the last error and the next
try, and those that were set aside: refused for good, or older than 5 days, or
more than the spool holds.`,
		Example: `  adopt6 notify pending
  adopt6 notify pending --json | jq '.waiting | length'`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.notifyPending(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func newNotifyFlushCommand(a *app) *cobra.Command {
	var due, aside, asJSON bool
	cmd := &cobra.Command{
		Use:   "flush",
		Short: "Try to deliver the messages that wait",
		Long: `Try every message that waits, now. After a failure the rest of its channel is
left for the next time.`,
		Example: `  adopt6 notify flush
  adopt6 notify flush --due      # from cron, every few minutes
  adopt6 notify flush --aside    # once a receiver is fixed`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.notifyFlush(cmd.Context(), due, aside, asJSON)
		},
	}
	cmd.Flags().BoolVar(&due, "due", false, "only those whose next try has come")
	cmd.Flags().BoolVar(&aside, "aside", false, "include those that were set aside")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// deliveries are what became of messages.
type deliveries struct {
	Messages []notify.Outcome `json:"messages"`
	Told     []string         `json:"told"` // what an operator should know besides
}

// print writes what became of messages, and returns an error when not all were
// taken.
func (d *deliveries) print(a *app, asJSON bool) error {
	missing := 0
	for _, m := range d.Messages {
		if m.State != notify.Delivered {
			missing++
		}
	}
	if asJSON {
		if err := json.NewEncoder(a.out).Encode(d); err != nil {
			return err
		}
	} else {
		w := terminal.Printable(a.out)
		for _, m := range d.Messages {
			fmt.Fprintf(w, "%-9s  %s to %s\n", m.State, m.Channel, m.Receiver)
			if m.Error != "" {
				fmt.Fprint(w, terminal.Indent(m.Error))
			}
		}
		for _, line := range d.Told {
			fmt.Fprint(w, terminal.Indent(line))
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d of %d messages were not delivered; `%s notify pending` lists what waits", missing, len(d.Messages), calledAs())
	}
	return nil
}

func (a *app) notifyTest(ctx context.Context, names []string, asJSON bool) error {
	list, err := a.channels()
	if err != nil {
		return err
	}
	if list, err = channels.Named(list, names); err != nil {
		return asMisuse(err)
	}
	d := deliveries{Messages: []notify.Outcome{}, Told: []string{}}
	now := time.Now()
	for _, c := range list {
		sample := notify.Sample(now)
		sample.See = c.Settings.See
		entries, err := c.Entries(&sample, "test "+now.Format(time.RFC3339Nano))
		if err != nil {
			return err
		}
		for _, e := range entries {
			d.Messages = append(d.Messages, notify.DeliverOnce(ctx, c.By, e))
		}
	}
	if err := d.print(a, asJSON); err != nil {
		return errors.New("not every test was taken")
	}
	return nil
}

func (a *app) notifyFlush(ctx context.Context, due, aside, asJSON bool) error {
	list, err := a.channels()
	if err != nil {
		return err
	}
	spool, err := a.notifySpool()
	if err == nil && aside {
		_, err = spool.Retry()
	}
	if err != nil {
		return err
	}
	d, err := deliver(ctx, spool, list, !due)
	if err != nil {
		return err
	}
	if len(d.Messages) == 0 && !asJSON {
		fmt.Fprintln(a.errOut, "Nothing was due.")
	}
	return d.print(a, asJSON)
}

// deliver tries the messages of a spool by channels.
func deliver(ctx context.Context, spool *notify.Spool, list []channels.Channel, all bool) (*deliveries, error) {
	done, told, err := channels.Deliver(ctx, spool, list, all)
	return &deliveries{append([]notify.Outcome{}, done...), append([]string{}, told...)}, err
}

// channels prepares those of the configuration, which must have some.
func (a *app) channels() ([]channels.Channel, error) {
	if len(a.settings.Notify) == 0 {
		return nil, misusef("the configuration has no channels; add a list \"notify:\", as docs/notifications.md has it")
	}
	return a.someChannels()
}

// someChannels prepares those of the configuration, which may have none.
func (a *app) someChannels() ([]channels.Channel, error) {
	sender := channels.Sender{Agent: network.Agent(currentVersion().Version, a.settings.Scan.Contact), HELO: a.settings.Scan.HELO}
	list, err := sender.Prepare(a.settings.Notify)
	return list, asMisuse(err)
}

// checkChannels finds what is wrong with the channels of a configuration of
// jobs, as far as this account can see.
func (a *app) checkChannels(config *schedule.Config) error {
	_, err := a.someChannels()
	faults := []error{err}
	for _, c := range a.settings.Notify {
		for _, job := range c.Jobs {
			if _, known := config.Job(job); !known {
				faults = append(faults, fmt.Errorf("%s: jobs: there is no job %q; the configuration has %s", c.Where("jobs"), job, terminal.Listed(config.Names(), shownJobs)))
			}
		}
	}
	return errors.Join(faults...)
}

// notifySpool opens the spool of messages.
func (a *app) notifySpool() (*notify.Spool, error) {
	state, err := a.stateFolder()
	if err != nil {
		return nil, err
	}
	return notify.OpenSpool(filepath.Join(state, "notify"), notify.DefaultLimits, time.Now)
}

// pendingList is what a spool has.
type pendingList struct {
	Waiting []pendingMessage `json:"waiting"`
	Aside   []pendingMessage `json:"aside"`
}

type pendingMessage struct {
	ID       string    `json:"id"`
	Channel  string    `json:"channel"`
	Receiver string    `json:"receiver"`
	Job      string    `json:"job"`
	Subject  string    `json:"subject"`
	Created  time.Time `json:"created"`
	Tries    int       `json:"tries"`
	Next     time.Time `json:"next"`
	Error    string    `json:"error,omitempty"`
}

func pendingMessages(entries []notify.Entry) []pendingMessage {
	list := []pendingMessage{}
	for _, e := range entries {
		list = append(list, pendingMessage{e.ID, e.Channel, e.Receiver, e.Job, e.Message.Subject, e.Created, e.Tries, e.Next, e.Error})
	}
	return list
}

func (a *app) notifyPending(asJSON bool) error {
	spool, err := a.notifySpool()
	if err != nil {
		return err
	}
	waiting, told := spool.Pending()
	for _, line := range told {
		fmt.Fprintln(a.errOut, "adopt6:", line)
	}
	list := pendingList{pendingMessages(waiting), pendingMessages(spool.Aside())}
	if asJSON {
		return printJSON(a.out, list)
	}
	if len(list.Waiting)+len(list.Aside) == 0 {
		fmt.Fprintln(a.out, "No message waits.")
		return nil
	}
	w := terminal.Printable(a.out)
	printPending(w, "Waiting", list.Waiting)
	printPending(w, "Set aside", list.Aside)
	return nil
}

func printPending(out io.Writer, title string, list []pendingMessage) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(out, "%s: %d\n", title, len(list))
	for _, m := range list {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "  %s\tto %s\t%s\n", m.Channel, m.Receiver, m.Created.UTC().Format("2006-01-02 15:04 UTC"))
		_ = w.Flush() // to a writer that was asked to print; its errors are the terminal's
		if m.Tries > 0 {
			fmt.Fprintf(out, "    %d tries, next at %s\n", m.Tries, m.Next.Format("2006-01-02 15:04 UTC"))
		}
		if m.Error != "" {
			fmt.Fprint(out, terminal.Indent(m.Error))
		}
	}
}
