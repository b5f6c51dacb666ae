package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/report"
	"adopt6/report/paper"
	"adopt6/report/words"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// reportFlags are the flags of the command report.
type reportFlags struct {
	out, scan, compare   string
	countries, languages []string
	pdf                  bool
}

func newReportCommand(a *app) *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write a report for every country as a web site in six languages",
		Long: `Write a web site of one scan that opens from a folder or a USB stick, with no
network: the world with a map, groups of countries, and a page per country with
its figures, what blocks progress, its domains, the method and how to cite, and
beside each the same data as CSV and JSON.

Changes are counted from the last finished scan before it of the same list from
the same vantage, or from the one that --compare names. A change is named only
where it is more than chance.

Beside each country page there is the same for a memo, as Markdown and as plain
HTML that word processors read.

The site replaces the folder once it is complete. --pdf also prints the
country pages as PDF (A4), with the Chromium or Chrome of this machine.`,
		Example: `  adopt6 report --out ./report
  adopt6 report --out ./togo --country TG --lang fr,en --pdf
  adopt6 report --out ./report --scan latest --compare 4f0c`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), f) },
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "folder that the site is written to")
	cmd.Flags().StringSliceVar(&f.countries, "country", nil, "pages of these countries only (ISO 3166-1 alpha-2)")
	cmd.Flags().StringSliceVar(&f.languages, "lang", words.Languages, "languages")
	cmd.Flags().StringVar(&f.scan, "scan", "latest", "scan, by its id or the start of it; or latest, the last that was finished")
	cmd.Flags().StringVar(&f.compare, "compare", "previous", "earlier scan that changes are counted from; previous, or none")
	cmd.Flags().BoolVar(&f.pdf, "pdf", false, "print the country pages as PDF as well")
	return cmd
}

func (a *app) report(ctx context.Context, f reportFlags) (err error) {
	if f.out == "" {
		return misusef("name the folder for the site: --out FOLDER")
	}
	if err := checkCountries(f.countries); err != nil {
		return err
	}
	for _, lang := range f.languages {
		if err := checkLanguage(lang); err != nil {
			return err
		}
	}
	var printer *paper.Printer
	if f.pdf {
		if printer, err = paper.New(); err != nil {
			return fmt.Errorf("--pdf: %w", err)
		}
		defer func() { err = errors.Join(err, printer.Close()) }()
	}
	s, err := a.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	data, err := loadReport(ctx, s, f)
	if err != nil {
		return err
	}
	for _, code := range f.countries {
		if data.Country(code) == nil {
			return misusef("--country %s: the scan has no target of it", code)
		}
	}
	site, err := report.NewSite(data, report.SiteOptions{Languages: f.languages, Countries: f.countries, Reasons: reasonTexts()})
	if err != nil {
		return err
	}
	var progress report.Progress
	stop := terminal.Progress(a.errOut, "report", "files", func() terminal.Moment {
		return terminal.Moment{Done: progress.Done.Load(), Total: progress.Total.Load()}
	})
	started := time.Now()
	err = site.Write(ctx, s, f.out, &progress)
	stop()
	if errors.Is(err, report.ErrForeign) {
		return asMisuse(err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.errOut, "%s files in %.1f s\n", terminal.Thousands(progress.Done.Load()), time.Since(started).Seconds())
	fmt.Fprintln(a.out, filepath.Join(f.out, "index.html"))
	if f.pdf {
		return a.printReport(ctx, printer, f, site.Pages())
	}
	return nil
}

// loadReport reads what the site shows of the world.
func loadReport(ctx context.Context, s *store.Store, f reportFlags) (*report.Data, error) {
	var options report.Options
	var err error
	if options.Scan, err = chooseScan(ctx, s, f.scan); err != nil {
		return nil, err
	}
	var earlier store.ScanInfo
	switch f.compare {
	case "none":
	case "previous":
		earlier, err = report.Previous(ctx, s, options.Scan)
	default:
		earlier, err = chooseScan(ctx, s, f.compare)
		if err == nil && !earlier.Started.Before(options.Scan.Started) {
			err = misusef("--compare %s: that scan is not earlier than the one of the report", f.compare)
		}
	}
	if err != nil {
		return nil, err
	}
	options.Compare = earlier.ID
	return report.Load(ctx, s, options)
}

// reasonTexts are the explanations of the reasons by language.
func reasonTexts() map[string]map[string]report.ReasonText {
	texts := make(map[string]map[string]report.ReasonText)
	for _, lang := range words.Languages {
		texts[lang] = make(map[string]report.ReasonText)
		for _, r := range observation.ReasonsIn(lang) {
			texts[lang][string(r.Reason)] = report.ReasonText{Text: r.Text, Fix: r.Fix}
		}
	}
	return texts
}

// printReport prints the pages of countries beside them.
func (a *app) printReport(ctx context.Context, printer *paper.Printer, f reportFlags, pages []string) error {
	out, err := filepath.Abs(f.out)
	if err != nil {
		return err
	}
	fontless, err := printer.Fontless(ctx, f.languages)
	if err != nil {
		return err
	}
	for _, lang := range fontless {
		fmt.Fprintf(a.errOut, "adopt6: note: no font here has the letters of %s, so its PDF files show boxes; install one (`apt install %s`), or leave the language out with --lang\n", lang, paper.FontPackage(lang))
	}
	for _, lang := range f.languages {
		for _, page := range pages {
			if _, country := lists.CountryByCode(strings.ToUpper(page)); !country {
				continue
			}
			name := filepath.Join(out, lang, page)
			if err := printer.Print(ctx, name+".html", name+".pdf"); err != nil {
				return err
			}
			fmt.Fprintln(a.out, filepath.Join(f.out, lang, page+".pdf"))
		}
	}
	return nil
}
