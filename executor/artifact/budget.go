package artifact

import "fmt"

const (
	maxEntries = 256 << 10
	maxBytes   = 256 << 30
	maxName    = 4096
	maxNames   = 16 << 20
)

// budget is what an artifact may still have. It holds for what is packed as for what is unpacked, so that nothing is kept
// that nobody can load.
type budget struct {
	max, left Limits
	names     int // bytes of the names of directories and links
}

func newBudget(limits Limits) budget {
	if limits.Entries == 0 {
		limits.Entries = maxEntries
	}
	if limits.Bytes == 0 {
		limits.Bytes = maxBytes
	}
	return budget{max: limits, left: limits}
}

// entry takes note of an entry.
func (b *budget) entry() error {
	if b.left.Entries == 0 {
		return fmt.Errorf("with it the archive has more entries than an artifact may: %d", b.max.Entries)
	}
	b.left.Entries--
	return nil
}

// bytes takes note of the bytes of a file.
func (b *budget) bytes(n int64) error {
	if n > b.left.Bytes {
		return fmt.Errorf("with it the files hold more bytes than an artifact may: %d", b.max.Bytes)
	}
	b.left.Bytes -= n
	return nil
}

// remember takes note of bytes of names that stay in memory.
func (b *budget) remember(bytes int) error {
	if b.names += bytes; b.names > maxNames {
		return fmt.Errorf("with it the names of directories and links are longer than an artifact's may be: %d bytes", maxNames)
	}
	return nil
}

// checkName says whether a name is short enough.
func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("the name has %d bytes, and may have %d", len(name), maxName)
	}
	return nil
}
