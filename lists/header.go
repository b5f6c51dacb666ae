package lists

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// columnWords are the words that people write above a column, by column: in
// English and in the other languages of the United Nations.
var columnWords = map[string][]string{
	columnName: {"name", "domain", "domains", "domain name", "domain_name", "host", "hostname", "fqdn",
		"url", "website", "web site", "web", "site", "homepage",
		"domaine", "nom de domaine", "site web", "site internet",
		"dominio", "nombre de dominio", "sitio web", "página web", "pagina web", "sitio",
		"домен", "доменное имя", "сайт", "веб-сайт",
		"域名", "网址", "网站", "النطاق", "اسم النطاق", "نطاق", "الموقع", "الموقع الإلكتروني", "موقع"},
	columnCountry: {"country", "country code", "country_code", "iso", "iso2", "alpha2", "alpha-2", "cc",
		"pays", "code pays", "país", "pais", "código de país", "страна", "код страны", "国家", "国家代码", "البلد", "الدولة", "رمز البلد"},
	columnLevel:  {"level", "niveau", "nivel", "уровень", "级别", "层级", "المستوى"},
	columnKind:   {"kind"},
	columnSource: {"source", "fuente", "источник", "来源", "المصدر"},
	columnDate:   {"date", "fecha", "дата", "日期", "التاريخ"},
	columnRoles:  {"roles", "role", "rôle", "rôles", "rol", "papel", "роль", "роли", "职能", "الدور"},
	columnOrganisation: {"organisation", "organization", "body", "institution", "agency", "ministry", "entity",
		"organisme", "ministère", "organización", "organizacion", "organismo", "institución", "institucion", "entidad", "ministerio",
		"организация", "орган", "ведомство", "министерство", "учреждение", "机构", "单位", "组织", "الجهة", "المؤسسة", "الوزارة", "المنظمة"},
	columnSector: {"sector", "secteur", "сектор", "отрасль", "部门", "行业", "القطاع"},
	columnTags:   {"tags", "tag", "étiquettes", "étiquette", "etiquetas", "etiqueta", "теги", "метки", "标签", "الوسوم", "العلامات"},
}

// The columns of a list.
const (
	columnName         = "name"
	columnCountry      = "country"
	columnLevel        = "level"
	columnKind         = "kind"
	columnSource       = "source"
	columnDate         = "date"
	columnRoles        = "roles"
	columnOrganisation = "organisation"
	columnSector       = "sector"
	columnTags         = "tags"
)

// columnOf returns the column that a word stands for, or "".
func columnOf(word string) string {
	word = norm.NFC.String(strings.ToLower(strings.TrimSpace(word)))
	for column, words := range columnWords {
		if slices.Contains(words, word) {
			return column
		}
	}
	return ""
}

// newColumns reads a header. It returns nil for a row that is not one.
func newColumns(fields []string) (*columns, error) {
	c := &columns{at: make(map[string]int), width: len(fields), header: true}
	for i, field := range fields {
		column := columnOf(field)
		if column == columnName {
			c.takeName(fields, i)
			continue
		}
		if column == "" {
			if field != "" && !strings.EqualFold(field, "unicode") { // adopt6 writes that one, and works it out again
				c.unread = append(c.unread, field)
			}
			continue
		}
		old, twice := c.at[column]
		if twice && strings.EqualFold(fields[old], field) {
			return nil, &Problem{fmt.Sprintf("two columns are called %s", quote(field)), "remove or rename one"}
		}
		if !twice || column == columnCountry && isCode(field) {
			c.at[column] = i
		}
	}
	if _, named := c.at[columnName]; !named {
		return nil, nil
	}
	return c, misspelt(fields)
}

// isCode tells whether a column of countries says that it has codes: beside it,
// another has names.
func isCode(word string) bool {
	word = strings.ToLower(word)
	return slices.ContainsFunc([]string{"cod", "cód", "iso", "alpha", "код", "代码", "رمز"}, func(s string) bool { return strings.Contains(word, s) })
}

// takeName notes a column with names of hosts. "name" gives way to a word that
// can only mean a host: beside one it is the name of the body.
func (c *columns) takeName(fields []string, i int) {
	isName := func(i int) bool { return strings.EqualFold(fields[i], "name") }
	old, known := c.at[columnName]
	switch {
	case !known:
		c.at[columnName] = i
	case isName(old) && !isName(i):
		c.at[columnName] = i
		i = old
		fallthrough
	default:
		if _, known := c.at[columnOrganisation]; !known && isName(i) {
			c.at[columnOrganisation] = i
		}
	}
}

// misspelt returns an error for a column that is almost one that is known:
// what it holds would be lost.
func misspelt(fields []string) error {
	known := []string{columnCountry, columnLevel, columnKind, columnSource, columnDate, columnRoles, columnOrganisation, columnSector, columnTags}
	for _, field := range fields {
		word := strings.ToLower(field)
		if columnOf(word) != "" || word == "unicode" {
			continue
		}
		if meant := nearest(word, known, len(word)/3); meant != "" {
			return &Problem{"unknown column " + quote(field), fmt.Sprintf("did you mean %q?", meant)}
		}
	}
	return nil
}
