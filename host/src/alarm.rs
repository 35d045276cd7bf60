//! Limits in time that are cheap as long as nothing reaches them.

use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    runtime::{self, Handle},
    task::coop::unconstrained,
    time::{Instant, Sleep},
};

/// A timer that is kept and set anew. To put off one that is set is a single store; a new one is entered in the runtime's
/// list, may wake the runtime for that, and is taken out again.
pub(crate) struct Alarm(Option<Timer>);

struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// Where it runs: in no other runtime, and not after its end.
    runtime: runtime::Id,
}

impl Alarm {
    /// Not set yet.
    pub(crate) fn new() -> Self {
        Self(None)
    }

    /// The outcome of a future, or none when it takes longer than so much time after a moment.
    pub(crate) async fn limit<T>(
        &mut self,
        since: Instant,
        time: Duration,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = pin!(future);
        let mut set = false;
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => {
                if !mem::replace(&mut set, true) {
                    self.set(since, time);
                }
                self.poll(cx).map(|()| None)
            }
        })
        .await
    }

    /// Has it ring so much time after a moment; never, if no clock goes so far.
    pub(crate) fn set(&mut self, since: Instant, time: Duration) {
        let runtime = Handle::current().id();
        self.0 = match (since.checked_add(time), self.0.take()) {
            (None, _) => None,
            (Some(deadline), Some(mut timer)) if timer.runtime == runtime => {
                timer.sleep.as_mut().reset(deadline);
                Some(timer)
            }
            (Some(deadline), _) => {
                Some(Timer { sleep: Box::pin(tokio::time::sleep_until(deadline)), runtime })
            }
        };
    }

    /// Ready when it rings.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = &mut self.0 else { return Poll::Pending };
        // Whatever keeps its task busy must not silence it.
        pin!(unconstrained(timer.sleep.as_mut())).poll(cx)
    }
}
