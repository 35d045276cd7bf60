//! Calls in flight as curves.

use std::fmt::{self, Write};

use crate::figures::{Crowd, Spread};

const LEFT: f64 = 70.0;
const TOP: f64 = 60.0;
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 260.0;
const INK: &str = "#24292f";

pub fn svg(crowds: &[Crowd]) -> String {
    let mut out = String::new();
    draw(&mut out, crowds).unwrap();
    out
}

fn draw(out: &mut String, crowds: &[Crowd]) -> fmt::Result {
    let x = |at: usize| LEFT + WIDTH * at as f64 / (crowds.len() - 1) as f64;
    let y = |share: f64| TOP + HEIGHT * (1.0 - share);
    let (width, height) = (LEFT + WIDTH + 30.0, TOP + HEIGHT + 60.0);
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" fill="{INK}">
<rect width="{width}" height="{height}" fill="white"/>
<text x="12" y="24" font-size="15">Calls per second, as a share of the native client's</text>"#
    )?;
    for tenth in (0..=10).step_by(2) {
        let (share, y) = (f64::from(tenth) / 10.0, y(f64::from(tenth) / 10.0));
        writeln!(
            out,
            r##"<path d="M{LEFT} {y}h{WIDTH}" stroke="#d0d7de"/><text x="{}" y="{}" text-anchor="end">{share:.1}</text>"##,
            LEFT - 10.0,
            y + 4.0
        )?;
    }
    for (at, Crowd { in_flight, .. }) in crowds.iter().enumerate() {
        let (x, y) = (x(at), TOP + HEIGHT + 20.0);
        writeln!(out, r#"<text x="{x}" y="{y}" text-anchor="middle">{in_flight}</text>"#)?;
    }
    let (middle, below) = (LEFT + WIDTH / 2.0, TOP + HEIGHT + 44.0);
    writeln!(out, r#"<text x="{middle}" y="{below}" text-anchor="middle">calls in flight</text>"#)?;
    for (of, name, color) in
        [(1, "reused instances", "#4c78a8"), (2, "a fresh instance per call", "#d9822b")]
    {
        let legend = LEFT + 190.0 * (of as f64 - 1.0);
        writeln!(
            out,
            r#"<rect x="{legend}" y="36" width="12" height="12" fill="{color}"/><text x="{}" y="46">{name}</text>"#,
            legend + 18.0
        )?;
        let share = |it: &Crowd| Spread::of_ratio(&it.series[0].wall, &it.series[of].wall).median;
        let points: Vec<_> = crowds.iter().map(|it| y(share(it).min(1.0))).enumerate().collect();
        let line: Vec<_> = points.iter().map(|(at, y)| format!("{:.1},{y:.1}", x(*at))).collect();
        writeln!(
            out,
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="2"/>"#,
            line.join(" ")
        )?;
        for (at, y) in points {
            writeln!(out, r#"<circle cx="{:.1}" cy="{y:.1}" r="3" fill="{color}"/>"#, x(at))?;
        }
    }
    writeln!(out, "</svg>")
}
