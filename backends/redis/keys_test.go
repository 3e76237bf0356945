package redis_test

import (
	"testing"
)

// The slots are shared out in equal ranges, as redis-cli does.
func TestTheHashTagsSpreadOverTheMasters(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	for masters, most := range map[int]float64{3: 1.02, 10: 1.1, 30: 1.3, 100: 1.6} {
		tags := make([]int, masters)
		for _, a := range letters {
			for _, b := range letters {
				tags[slot(string([]rune{a, b}))*masters/16384]++
			}
		}
		fullest := 0
		for _, n := range tags {
			fullest = max(fullest, n)
		}
		if share := float64(fullest*masters) / 1024; share > most {
			t.Errorf("%d masters: the fullest has %.2f times its share, want at most %.2f", masters, share, most)
		}
	}
}

// slot returns the slot of a hash tag: CRC16/XMODEM modulo 16384.
func slot(tag string) int {
	var crc uint16
	for _, c := range []byte(tag) {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % 16384
}
