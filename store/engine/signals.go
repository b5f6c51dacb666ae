package engine

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// goSignals are those whose handlers Go's runtime needs and libchdb replaces:
// without them a nil dereference hangs the process instead of ending it with a
// trace, and a write to a closed socket ends it.
var goSignals = [...]syscall.Signal{
	syscall.SIGILL, syscall.SIGABRT, syscall.SIGFPE, syscall.SIGBUS, syscall.SIGSEGV, syscall.SIGSYS,
	syscall.SIGTRAP, syscall.SIGPIPE, syscall.SIGURG, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP,
	syscall.SIGTSTP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPROF,
}

// sigactionSize is more than a struct sigaction takes on any platform.
const sigactionSize = 256

// keepSignals runs f and then restores the signal handlers.
func keepSignals(f func() error) error {
	libc := "libc.so.6"
	if runtime.GOOS == "darwin" {
		libc = "/usr/lib/libSystem.B.dylib"
	}
	handle, err := purego.Dlopen(libc, purego.RTLD_NOW)
	if err != nil {
		return fmt.Errorf("open the C library: %w", err)
	}
	symbol, err := purego.Dlsym(handle, "sigaction")
	if err != nil {
		return fmt.Errorf("find sigaction in the C library: %w", err)
	}
	var sigaction func(signal int32, set, get unsafe.Pointer) int32
	purego.RegisterFunc(&sigaction, symbol)

	var saved [len(goSignals)][sigactionSize]byte
	for i, signal := range goSignals {
		if sigaction(int32(signal), nil, unsafe.Pointer(&saved[i])) != 0 {
			return fmt.Errorf("read the handler of %v", signal)
		}
	}
	failure := f()
	for i, signal := range goSignals {
		if sigaction(int32(signal), unsafe.Pointer(&saved[i]), nil) != 0 {
			return fmt.Errorf("put back the handler of %v", signal)
		}
	}
	return failure
}
