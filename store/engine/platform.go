package engine

import (
	"fmt"
	"runtime"
)

// Release is the version of the engine that adopt6 is built for and tested
// with.
const Release = "26.5.3"

// build is the engine for one platform: an npm package, the hash of its
// tarball in the form of Subresource Integrity (W3C), and the library in it.
type build struct {
	pkg       string
	integrity string
	size      int64 // of the tarball in bytes, for the progress
	library   string
}

// builds are the engines that can be fetched, by GOOS/GOARCH. Only a build whose
// hash was taken from a tarball that passed the tests is listed.
var builds = map[string]build{
	"linux/amd64": {
		pkg:       "@chdb/lib-linux-x64-gnu",
		integrity: "sha512-fPrLmRt5Moor9yGz4mazbrNje4t7X9KB2mTGkXFWRxRBs2iKy8yh6jx11xsa0Qr3iDFMU/yHqd+bVdYJXu3QaQ==",
		size:      166572008,
		library:   "libchdb.so",
	},
}

// thisBuild returns the engine for this machine.
func thisBuild() (build, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	b, ok := builds[platform]
	if !ok {
		return build{}, fmt.Errorf("no embedded engine is known and verified for %s; name a libchdb %s of your own with store.library, or use a ClickHouse server with --dsn", platform, Release)
	}
	return b, nil
}
