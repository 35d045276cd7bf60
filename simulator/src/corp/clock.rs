//! Time since 1970, from a fixed start.

use std::time::{Duration, Instant};

/// A clock that does not move until it is advanced, or that ticks as well.
#[derive(Clone)]
pub(crate) struct Clock {
    advanced: Duration,
    ticking_since: Option<Instant>,
}

impl Clock {
    const START: Duration = Duration::from_secs(1_789_000_000);

    pub(crate) fn standing() -> Self {
        Self { advanced: Duration::ZERO, ticking_since: None }
    }

    pub(crate) fn ticking() -> Self {
        Self { advanced: Duration::ZERO, ticking_since: Some(Instant::now()) }
    }

    /// The same kind of clock, at its start.
    pub(crate) fn restarted(&self) -> Self {
        if self.ticking_since.is_some() { Self::ticking() } else { Self::standing() }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }

    pub(crate) fn now(&self) -> Duration {
        let ticked = self.ticking_since.map(|it| it.elapsed()).unwrap_or_default();
        Self::START.saturating_add(self.advanced).saturating_add(ticked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_clock_moves_only_when_advanced() {
        let mut clock = Clock::standing();
        assert_eq!(clock.now(), Clock::START);
        clock.advance(Duration::from_secs(9));
        assert_eq!(clock.now(), Clock::START + Duration::from_secs(9));
        assert_eq!(clock.restarted().now(), Clock::START);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Duration::MAX);
    }
}
