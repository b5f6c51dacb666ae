package lists

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// FrameColumns are the columns of frame.csv and of a country's own file.
var FrameColumns = []string{"country", "role", "status", "host", "body", "source", "record", "date", "checked", "note"}

// ReadFrame reads a country's own rows of the frame, as `adopt6 lists frame
// --country` prints them to be filled in: CSV with a header that names
// FrameColumns in any order; other columns are not read, lines that begin with #
// are comments. Rows whose role was not filled in (status unknown or dropped)
// are left out. It returns up to most faults of the rows, and an error when r
// does or when the file is not such a file at all.
func ReadFrame(r io.Reader, file string, most int) (own []FrameRow, faults []*LineError, err error) {
	rows := csv.NewReader(r)
	rows.Comment, rows.FieldsPerRecord, rows.TrimLeadingSpace = '#', -1, true
	header, err := rows.Read()
	if err != nil {
		return nil, nil, frameFileError(file, err)
	}
	at := make(map[string]int)
	for i, column := range header {
		at[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(column, "\ufeff")))] = i
	}
	for _, column := range []string{"country", "role", "status", "host", "checked"} {
		if _, ok := at[column]; !ok {
			return nil, nil, &LineError{file, 1, Problem{"the header has no column " + quote(column), "begin with the file that adopt6 lists frame --country prints"}}
		}
	}
	seen := make(map[string]int)
	for len(faults) < most {
		fields, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return own, faults, frameFileError(file, err)
		}
		line, _ := rows.FieldPos(0)
		row, err := frameRow(func(column string) string {
			if i, ok := at[column]; ok && i < len(fields) {
				return strings.TrimSpace(fields[i])
			}
			return ""
		})
		if key := row.Country + " " + row.Role; err == nil && seen[key] > 0 {
			err = &Problem{fmt.Sprintf("%s of %s stands in line %d already", row.Role, row.Country, seen[key]), "keep one row a role"}
		} else {
			seen[key] = line
		}
		if problem := new(Problem); errors.As(err, &problem) {
			faults = append(faults, &LineError{file, line, *problem})
			continue
		}
		if row.Status.Known() || row.Status == RoleAbsent {
			own = append(own, row)
		}
	}
	return own, faults, nil
}

// frameFileError explains why a file cannot be read as a frame.
func frameFileError(file string, err error) error {
	if err == io.EOF {
		return &LineError{file, 1, Problem{"the file is empty", "begin with the file that adopt6 lists frame --country prints"}}
	}
	if parse := new(csv.ParseError); errors.As(err, &parse) {
		return &LineError{file, parse.Line, Problem{parse.Err.Error(), `write a quote in a quoted field twice ("")`}}
	}
	return fmt.Errorf("read %s: %w", file, err)
}

// frameRow makes a row of the frame of what a file has in each column. The error
// is a *Problem.
func frameRow(field func(column string) string) (r FrameRow, err error) {
	country, err := ParseCountry(field("country"))
	if err != nil {
		return r, err
	}
	r.Country, r.Role = country.Alpha2, strings.ToLower(field("role"))
	if _, known := RoleByCode(r.Role); !known {
		return r, unknownRole(r.Role)
	}
	if r.Status, err = statusField(field("status"), field("host")); err != nil {
		return r, err
	}
	if r.Date, err = dateField(field("date")); err != nil {
		return r, err
	}
	for _, text := range []struct {
		column string
		to     *string
	}{{"body", &r.Body}, {"source", &r.Source}, {"record", &r.Record}, {"checked", &r.Checked}, {"note", &r.Note}} {
		if *text.to, err = textField(text.column, field(text.column), maxBody); err != nil {
			return r, err
		}
	}
	switch {
	case r.Status == RoleUnknown || r.Status == RoleDropped:
		return r, nil
	case r.Checked == "":
		return r, &Problem{"nobody has checked the row", "write who did and when in the column checked, such as: Ministry of ICT 2026-12"}
	case r.Status == RoleAbsent && r.Note == "":
		return r, &Problem{"the state has no such body, and the row does not say why", "write it in the column note, such as: one chamber"}
	case r.Status == RoleAbsent:
		return r, nil
	}
	if r.Host, _, err = Normalize(hostIn(field("host"))); err != nil {
		return r, err
	}
	r.Host = strings.TrimPrefix(r.Host, "www.")
	return r, checkSingleLabel(r.Host)
}

// statusField reads a status; without one, a row with a host is found.
func statusField(status, host string) (RoleStatus, error) {
	s := RoleStatus(strings.ToLower(status))
	switch {
	case s == "" && host != "", s == RoleUnknown && host != "":
		return RoleFound, nil
	case s == "":
		return RoleUnknown, nil
	case s == RoleAbsent && host != "":
		return "", &Problem{"status none, and a host", "leave the host empty, or write current"}
	case s.Known() && host == "":
		return "", &Problem{"status " + string(s) + ", and no host", "write the host, none where the state has no such body, or unknown"}
	case s.Known(), s == RoleAbsent, s == RoleUnknown, s == RoleDropped:
		return s, nil
	}
	return "", &Problem{"unknown status " + quote(status), "write current, renamed, none or unknown"}
}
