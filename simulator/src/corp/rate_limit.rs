//! Sliding-window rate limits.

use std::{collections::VecDeque, time::Duration};

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// When the counted events happened, oldest first.
#[derive(Clone, Default)]
pub(crate) struct SlidingWindow {
    times: VecDeque<Duration>,
}

impl SlidingWindow {
    /// Counts this event if every limit leaves room for it. An event beyond them does not count.
    pub(crate) fn try_acquire(&mut self, now: Duration, limits: &[(Duration, usize)]) -> bool {
        let longest = limits.iter().map(|(period, _)| *period).max().unwrap_or_default();
        // The clock may have been advanced to the end of all time: subtract, do not add.
        let age = |it: &Duration| now.saturating_sub(*it);
        while self.times.front().is_some_and(|it| age(it) >= longest) {
            self.times.pop_front();
        }
        let has_room = limits.iter().all(|(period, max)| {
            let old = self.times.partition_point(|it| age(it) >= *period);
            self.times.len() - old < *max
        });
        if has_room {
            self.times.push_back(now);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_holds_and_room_comes_back() {
        let limits = [(MINUTE, 2), (HOUR, 3)];
        let mut window = SlidingWindow::default();
        let mut at = |seconds| window.try_acquire(Duration::from_secs(seconds), &limits);
        assert!(at(0));
        assert!(at(1));
        assert!(!at(59), "two within the minute");
        assert!(at(60), "the first is a minute old");
        assert!(!at(200), "three within the hour");
        assert!(at(3600));
    }
}
