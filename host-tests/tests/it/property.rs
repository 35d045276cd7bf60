//! Checks properties with arbtest: on the same inputs on every machine, each a few hundred random bytes that decide on everything
//! random in the test. A shorter input does less, so a failing one is shortened.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

use arbtest::{
    arbitrary::{Result, Unstructured},
    arbtest,
};

/// How long a failing input is shortened.
const MINIMIZE: Duration = Duration::from_secs(20);

/// Checks a property on `inputs` inputs of `size` bytes. A failure prints the seeds of shorter and shorter inputs that fail;
/// `ARBTEST_SEED=<seed>` runs only that one.
pub(crate) fn check(
    inputs: u32,
    size: u32,
    mut property: impl FnMut(&mut Unstructured<'_>) -> Result<()>,
) {
    if is_replay() {
        return arbtest(property).run();
    }
    for input in 1..=inputs {
        // arbtest's seeds are the length of the input, below a seed proper that is not zero.
        let seed = u64::from(input.wrapping_mul(0x9e37_79b9)) << 32 | u64::from(size);
        let once = || arbtest(&mut property).seed(seed).run();
        if let Err(failure) = catch_unwind(AssertUnwindSafe(once)) {
            arbtest(&mut property).seed(seed).budget(MINIMIZE).minimize().run();
            resume_unwind(failure);
        }
    }
}

/// Whether the environment selects a single input.
pub(crate) fn is_replay() -> bool {
    env::var_os("ARBTEST_SEED").is_some()
}

/// True with this chance in percent, and false when the input has ended.
pub(crate) fn percent(u: &mut Unstructured<'_>, chance: u8) -> Result<bool> {
    Ok(u.int_in_range(0..=99)? >= 100 - chance)
}

#[test]
fn inputs_differ_and_choices_follow_them() {
    let (mut inputs, mut yes) = (Vec::new(), 0);
    check(100, 16, |u| {
        inputs.push(u.peek_bytes(16).map(<[u8]>::to_vec));
        yes += usize::from(percent(u, 40)?);
        Ok(())
    });
    inputs.sort();
    inputs.dedup();
    assert_eq!(inputs.len(), 100);
    assert!((20..60).contains(&yes), "{yes}");
}

#[test]
fn failing_property_is_a_failure() {
    assert!(catch_unwind(|| check(1, 1, |_| panic!("it does not hold"))).is_err());
}
