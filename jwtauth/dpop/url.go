package dpop

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// urlOf returns the normal form of the URL by which clients know that of r, without its query.
func (p *Proofs) urlOf(r *http.Request) string {
	// The path as it came: http.StripPrefix and the like change r.URL.
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		u = r.URL // of a request that no server read
	}
	return origin(p.base) + normalPath(strings.TrimSuffix(p.base.EscapedPath(), "/")+u.EscapedPath())
}

// normalURL returns the normal form of the htu of a proof.
func normalURL(htu string) (string, error) {
	u, err := url.Parse(htu)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil {
		return "", errors.New("htu is no URL with a host")
	}
	// RFC 9449, section 4.3: query and fragment are ignored.
	return origin(u) + normalPath(u.EscapedPath()), nil
}

// origin returns scheme and host by the rules of RFC 3986, sections 6.2.2.1 and 6.2.3.
func origin(u *url.URL) string {
	scheme, host := u.Scheme, strings.ToLower(u.Host) // Parse has the scheme in small letters
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + strings.TrimSuffix(host, ":")
}

// normalPath returns an encoded path by the rules of RFC 3986, sections 6.2.2.2, 6.2.2.3 and 6.2.3.
func normalPath(path string) string {
	return removeDots(normalEscapes(path))
}

const upperHex = "0123456789ABCDEF"

// normalEscapes decodes what need not be encoded, and writes the rest with capitals.
func normalEscapes(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		hi, lo := unhex(path[i+1]), unhex(path[i+2])
		if c := hi<<4 | lo; hi < 16 && lo < 16 && isUnreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(path[i+1:i+3]))
		}
		i += 2
	}
	return b.String()
}

// unhex returns the value of a hexadecimal digit, and 16 for anything else.
func unhex(c byte) byte {
	if c >= 'a' && c <= 'f' {
		c -= 'a' - 'A'
	}
	if i := strings.IndexByte(upperHex, c); i >= 0 {
		return byte(i)
	}
	return 16
}

// isUnreserved is RFC 3986, section 2.3.
func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// removeDots is RFC 3986, section 5.2.4. Unlike path.Clean it keeps slashes that repeat.
func removeDots(path string) string {
	if path == "" {
		return "/"
	}
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path, "/")[1:]
	kept := segments[:0]
	for i, s := range segments {
		if s == ".." && len(kept) > 0 {
			kept = kept[:len(kept)-1]
		}
		switch {
		case s != "." && s != "..":
			kept = append(kept, s)
		case i == len(segments)-1:
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}
