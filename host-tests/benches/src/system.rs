//! What the system knows: cores, CPU time, memory.

use std::{fs, mem::MaybeUninit, time::Duration};

/// Keeps this thread, and those it starts, on these cores. False where the system does not allow it.
#[allow(unsafe_code, reason = "a system call")]
pub fn pin(cores: impl IntoIterator<Item = usize>) -> bool {
    // SAFETY: the set is plain memory, of the size that is given.
    unsafe {
        let mut set: libc::cpu_set_t = MaybeUninit::zeroed().assume_init();
        for core in cores {
            libc::CPU_SET(core, &mut set);
        }
        libc::sched_setaffinity(0, size_of_val(&set), &raw const set) == 0
    }
}

/// CPU time of this process so far, all its threads.
pub fn cpu_time() -> Duration {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

#[allow(unsafe_code, reason = "a system call")]
fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to the memory that is given.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// CPU time of all child processes that have ended.
#[allow(unsafe_code, reason = "a system call")]
pub fn children_cpu_time() -> Duration {
    // SAFETY: it writes to the memory that is given.
    let usage = unsafe {
        let mut usage: libc::rusage = MaybeUninit::zeroed().assume_init();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let time = |it: libc::timeval| {
        Duration::new(it.tv_sec.unsigned_abs(), u32::try_from(it.tv_usec * 1000).unwrap_or(0))
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Bytes of memory that this process has in use, and the most it had since [`forget_peak`].
pub fn memory() -> (f64, f64) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|it| it.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
    };
    (field("VmRSS:"), field("VmHWM:"))
}

pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The model of the processor.
pub fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|it| it.strip_prefix("model name"));
    name.map_or("unknown", |it| it.trim_start_matches([' ', '\t', ':'])).to_owned()
}
