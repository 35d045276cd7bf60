//! The calls as bars.

use std::fmt::Write;

use crate::figures::{Figures, Series, Spread};

const LABELS: f64 = 330.0;
const BARS: f64 = 430.0;
const ROW: f64 = 40.0;
const TOP: f64 = 56.0;

pub fn svg(figures: &Figures) -> String {
    let native = figures.call(Series::NATIVE);
    let rows: Vec<(&str, Spread, Spread)> = figures
        .calls
        .iter()
        .map(|it| {
            let wall = Spread::of_ratio(&it.wall, &native.wall);
            (it.name, wall, Spread::of_ratio(&it.cpu, &native.cpu))
        })
        .collect();
    let most = rows.iter().map(|(_, wall, cpu)| wall.high.max(cpu.high)).fold(1.0, f64::max);
    let scale = BARS / most;
    let height = TOP + ROW * rows.len() as f64 + 12.0;
    let width = LABELS + BARS + 70.0;

    let mut out = String::new();
    let bar = |out: &mut String, y: f64, color: &str, Spread { low, median, high }: Spread| {
        let (x, middle) = (|value: f64| LABELS + value * scale, y + 7.0);
        writeln!(
            out,
            r#"<rect x="{LABELS}" y="{y}" width="{:.1}" height="14" fill="{color}"/>
<path d="M{:.1} {middle}H{:.1}" stroke="{INK}" stroke-width="1.5"/>
<text x="{:.1}" y="{:.1}" font-size="11">{median:.2}</text>"#,
            median * scale,
            x(low),
            x(high),
            x(high) + 5.0,
            y + 11.0,
        )
    };
    const INK: &str = "#24292f";
    const WALL: &str = "#4c78a8";
    const CPU: &str = "#f2a65a";
    let mut draw = || {
        writeln!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" fill="{INK}">
<rect width="{width}" height="{height}" fill="white"/>
<text x="12" y="22" font-size="15">One message sent, as a multiple of the native client</text>
<rect x="{LABELS}" y="34" width="12" height="12" fill="{WALL}"/><text x="{}" y="44" font-size="12">wall</text>
<rect x="{}" y="34" width="12" height="12" fill="{CPU}"/><text x="{}" y="44" font-size="12">CPU</text>"#,
            LABELS + 17.0,
            LABELS + 60.0,
            LABELS + 77.0,
        )?;
        for (row, (name, wall, cpu)) in rows.iter().enumerate() {
            let y = TOP + ROW * row as f64;
            writeln!(
                out,
                r#"<text x="{}" y="{}" text-anchor="end">{name}</text>"#,
                LABELS - 10.0,
                y + 20.0
            )?;
            bar(&mut out, y + 2.0, WALL, *wall)?;
            bar(&mut out, y + 17.0, CPU, *cpu)?;
        }
        let x = LABELS + scale;
        writeln!(
            out,
            r#"<path d="M{x:.1} {TOP}V{:.1}" stroke="{INK}" stroke-dasharray="3 3"/>"#,
            height - 12.0
        )?;
        writeln!(out, "</svg>")
    };
    draw().unwrap();
    out
}
