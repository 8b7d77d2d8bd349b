// Package nearest finds the name that somebody who misspelt one meant.
package nearest

import "iter"

// Name is the name among names that is closest to the misspelt one; ok is false if none is close. Of equally close
// ones it is the first.
func Name(misspelt string, names iter.Seq[string]) (name string, ok bool) {
	limit := max(1, len(misspelt)/3)
	for n := range names {
		if n == "" {
			continue
		}
		if d := distance(misspelt, n, limit); d <= limit {
			name, ok, limit = n, true, d-1
		}
		if limit < 0 {
			break
		}
	}
	return name, ok
}

// Hint is `; did you mean "X"?` with the closest name, or nothing.
func Hint(misspelt string, names iter.Seq[string]) string {
	if n, ok := Name(misspelt, names); ok {
		return `; did you mean "` + n + `"?`
	}
	return ""
}

// Names are the names of the elements of a list.
func Names[T any](list []T, name func(*T) string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range list {
			if !yield(name(&list[i])) {
				return
			}
		}
	}
}

// distance is the optimal string alignment distance without regard to case, or more than limit if it is larger.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if lower(a[i-1]) == lower(b[j-1]) {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && lower(a[i-1]) == lower(b[j-2]) && lower(a[i-2]) == lower(b[j-1]) {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
