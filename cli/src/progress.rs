//! What people on a terminal see while a call runs.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::{lang::Lang, output::visible};

/// Uploads beyond this size get a bar.
const MIN_UPLOAD: u64 = 1 << 20;

/// A call that takes longer gets a spinner.
const PATIENCE: Duration = Duration::from_secs(1);

/// Bars and spinners on stderr, where it is a terminal.
#[derive(Clone)]
pub(crate) struct Progress {
    bars: Option<MultiProgress>,
    lang: Lang,
}

impl Progress {
    pub(crate) fn new(lang: Lang, quiet: bool) -> Self {
        Self { bars: (!quiet && io::stderr().is_terminal()).then(MultiProgress::new), lang }
    }

    /// A bar for a body of this size. None if it is small, or stderr is no terminal.
    pub(crate) fn upload(&self, size: Option<u64>) -> Option<ProgressBar> {
        let bars = self.bars.as_ref()?;
        let bar = ProgressBar::new(size.filter(|it| *it > MIN_UPLOAD)?);
        let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}").ok()?;
        Some(bars.add(bar.with_style(style)))
    }

    /// Waits for a call; after a second a spinner shows for how long.
    pub(crate) async fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        let Some(bars) = &self.bars else { return call.await };
        let mut call = std::pin::pin!(call);
        if let Ok(value) = tokio::time::timeout(PATIENCE, &mut call).await {
            return value;
        }
        let spinner = bars.add(ProgressBar::new_spinner().with_elapsed(PATIENCE));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            spinner.set_style(style);
        }
        spinner.set_message(self.lang.pick("waiting for the response", "等待响应"));
        spinner.enable_steady_tick(Duration::from_millis(100));
        let value = call.await;
        spinner.finish_and_clear();
        value
    }

    /// Prints a line on stderr, above bars.
    pub(crate) fn line(&self, text: &str) {
        let print = || {
            // Where stderr is gone, the exit code remains.
            let _ = writeln!(io::stderr().lock(), "{}", visible(text));
        };
        match &self.bars {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }
}
