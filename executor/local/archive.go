package local

import (
	"io"
	"os"

	"github.com/podflow/podflow/executor"
)

// maxArchive is how many bytes of the logs of ended runs are kept in memory.
const maxArchive = 16 << 20

// archive keeps the newest logs of ended runs.
type archive struct {
	logs  map[executor.ID][]byte
	order []executor.ID
	size  int
}

// add keeps a log, and forgets the oldest ones that there is no more room for. Of a log that is larger than the whole
// archive the end is kept.
func (a *archive) add(id executor.ID, path string) {
	text, err := readEnd(path, maxArchive)
	if err != nil {
		return // it left none
	}
	if a.logs == nil {
		a.logs = map[executor.ID][]byte{}
	}
	a.logs[id] = text
	a.order = append(a.order, id)
	a.size += len(text)
	for a.size > maxArchive {
		oldest := a.order[0]
		a.order = a.order[1:]
		a.size -= len(a.logs[oldest])
		delete(a.logs, oldest)
	}
}

// readEnd reads the last bytes of a file, n at most.
func readEnd(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-n), n))
}
