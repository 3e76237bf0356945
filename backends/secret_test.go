package backends_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
)

func TestSecretsDoNotRepeat(t *testing.T) {
	// SID-1, ASVS 7.2.3: 256 bits, where 128 are asked for, and no common beginning.
	const n = 100_000
	secrets := make(map[backends.Secret]bool, n)
	var firstByte [256]int
	for range n {
		s := backends.NewSecret()
		secrets[s] = true
		firstByte[s[0]]++
	}
	if len(secrets) != n {
		t.Errorf("%d different secrets, want %d", len(secrets), n)
	}
	if got := len(backends.Secret{}); got != 32 {
		t.Errorf("a secret has %d bytes, want 32", got)
	}
	for b, times := range firstByte {
		if times < 200 || times > 600 { // 390 ± 20 are expected
			t.Errorf("%d secrets begin with %#x, want about 390", times, b)
		}
	}
}

func TestTheHashOfASecretIsItsSHA256(t *testing.T) {
	// printf '%032d' 0 | tr 0 a | sha256sum
	const want = "3ba3f5f43b92602683c19aee62a20342b084dd5971ddd33808d81a328879a547"
	if h := backends.Secret([]byte(strings.Repeat("a", 32))).Hash(); hex.EncodeToString(h[:]) != want {
		t.Errorf("hash %x, want %s", h, want)
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	// SID-8.
	secret := backends.Secret([]byte("the secret of ann's open session"))
	holder := struct {
		Secret  backends.Secret
		Pointer *backends.Secret
		Any     any
		List    []backends.Secret
	}{secret, &secret, secret, []backends.Secret{secret}}
	var out bytes.Buffer
	// Not %p, about which fmt asks no Formatter, and which go vet refuses.
	for _, verb := range strings.Split("v +v #v s q x X d c U b o O t e T", " ") {
		fmt.Fprintf(&out, "%"+verb+" %"+verb+" %"+verb+"\n", secret, &secret, holder)
	}
	fmt.Fprintf(&out, "%20s %.3s %-8v\n", secret, secret, secret)
	fmt.Fprintln(&out, secret, &secret, holder)
	for _, v := range []any{secret, &secret, holder, map[backends.Secret]int{secret: 1}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("secret", "value", v, slog.Any("any", v), slog.Group("group", "value", v))
		}
	}
	for what, spelling := range map[string]string{
		"raw":      "the secret",
		"hex":      hex.EncodeToString(secret[:4]),
		"HEX":      strings.ToUpper(hex.EncodeToString(secret[:4])),
		"base64":   base64.StdEncoding.EncodeToString(secret[:6]),
		"decimal":  "116 104 101",
		"decimals": "116,104,101",
		"go":       "0x74, 0x68",
	} {
		if strings.Contains(out.String(), spelling) {
			t.Errorf("printed in %s:\n%.2000s", what, out.String())
		}
	}
	if !strings.Contains(out.String(), "[secret]") {
		t.Errorf("printed %q, want [secret] somewhere", out.String())
	}
}

func TestOnlyTheZeroHashIsTheHashOfNoSecret(t *testing.T) {
	if !(backends.SecretHash{}).IsZero() {
		t.Error("the zero hash is not zero")
	}
	for i := range 32 {
		var h backends.SecretHash
		if h[i] = 1; h.IsZero() {
			t.Errorf("%x is zero", h)
		}
	}
	if backends.NewSecret().Hash().IsZero() {
		t.Error("the hash of a secret is zero")
	}
}
