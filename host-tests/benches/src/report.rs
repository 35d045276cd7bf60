//! The figures as Markdown, between two markers of the page.

use std::{
    fmt::{self, Write},
    fs,
    path::Path,
};

use crate::figures::{Crowd, Figures, Series, Spread, Start};

const BEGIN: &str = "<!-- figures: written by `make bench` -->\n";
const END: &str = "<!-- end of figures -->\n";

pub fn write(page: &Path, figures: &Figures) {
    let text = fs::read_to_string(page).unwrap();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let mut report = String::new();
    tables(&mut report, figures).unwrap();
    fs::write(page, format!("{head}{BEGIN}\n{report}\n{END}{tail}")).unwrap();
}

fn tables(out: &mut String, figures: &Figures) -> fmt::Result {
    writeln!(out, "## Goals\n")?;
    goals(out, figures)?;

    writeln!(out, "\n## One call\n")?;
    writeln!(out, "Median of {} rounds, and the quartiles.\n", figures.rounds)?;
    writeln!(out, "| one call at a time | wall, µs | × native | CPU, µs | × native |")?;
    writeln!(out, "|---|---:|---:|---:|---:|")?;
    series(out, &figures.calls)?;
    writeln!(out, "| **32 calls in flight on 2 threads** | **wall of all ÷ calls** | | | |")?;
    series(out, &figures.waves)?;

    writeln!(
        out,
        "\n| from nothing to the end of a process that sends one message | wall, ms | CPU, ms |"
    )?;
    writeln!(out, "|---|---:|---:|")?;
    for Start { name, wall, cpu } in &figures.starts {
        writeln!(out, "| {name} | {} | {} |", Spread::of(wall), Spread::of(cpu))?;
    }

    writeln!(out)?;
    memory(out, figures)?;

    writeln!(out, "\n## Many calls at once\n")?;
    crowds(out, figures)?;

    writeln!(out, "\n## Fuel\n")?;
    writeln!(
        out,
        "What each action computes in the component, in wasmtime's fuel: about one unit an instruction.\n\n```text\n{}```",
        figures.fuel
    )?;

    writeln!(out, "\n## Measured with\n")?;
    for (name, version) in &figures.versions {
        writeln!(out, "- {name}: {version}")?;
    }
    let pinned = if figures.pinned { "on one core" } else { "not pinned to cores" };
    writeln!(out, "- one call at a time: server and callers {pinned}, over loopback")
}

/// The first of them is the native client.
fn series(out: &mut String, all: &[Series]) -> fmt::Result {
    for Series { name, wall, cpu } in all {
        writeln!(
            out,
            "| {name} | {} | {} | {} | {} |",
            Spread::of(wall),
            Spread::of_ratio(wall, &all[0].wall),
            Spread::of(cpu),
            Spread::of_ratio(cpu, &all[0].cpu)
        )?;
    }
    Ok(())
}

fn goals(out: &mut String, figures: &Figures) -> fmt::Result {
    let wall = |these: &str, those: &str| {
        Spread::of_ratio(&figures.call(these).wall, &figures.call(those).wall).median
    };
    let cpu = |these: &str, those: &str| {
        Spread::of_ratio(&figures.call(these).cpu, &figures.call(those).cpu).median
    };
    let wave = |at: usize| Spread::of_ratio(&figures.waves[at].wall, &figures.waves[0].wall).median;
    let start = |these: &str, those: &str| {
        Spread::of_ratio(&figures.start(these).wall, &figures.start(those).wall).median
    };
    // But for 2 MB of chunks on their way; all that is held is in the table of memory.
    let copies = (1.0 + figures.upload["peak"].as_f64().unwrap() / 20.0 - 0.1).ceil();
    writeln!(out, "| goal | at most | measured | |\n|---|---:|---:|---|")?;
    for (goal, limit, measured) in [
        ("reused instance, wall, × floor", 1.2, wall(Series::REUSED, Series::FLOOR)),
        ("reused instance, wall, × native", 2.1, wall(Series::REUSED, Series::NATIVE)),
        ("fresh instance, wall, × floor", 1.3, wall(Series::FRESH, Series::FLOOR_FRESH)),
        ("32 calls in flight, reused instances, wall, × native", 2.5, wave(1)),
        ("32 calls in flight, fresh instances, wall, × native", 2.5, wave(2)),
        ("start from `.wasm`, × wechatpy", 1.0, start(Start::WASM, Start::PYTHON)),
        ("start from `.cwasm`, × wechatpy", 1.0, start(Start::CWASM, Start::PYTHON)),
        ("start from `.cwasm`, × node-easywechat", 1.0, start(Start::CWASM, Start::NODE)),
        ("reused instance, CPU, × wechatpy", 1.0, cpu(Series::REUSED, Series::PYTHON)),
        ("reused instance, CPU, × node-easywechat", 1.0, cpu(Series::REUSED, Series::NODE)),
        ("fresh instance, CPU, × wechatpy", 1.0, cpu(Series::FRESH, Series::PYTHON)),
        ("fresh instance, CPU, × node-easywechat", 1.0, cpu(Series::FRESH, Series::NODE)),
        ("upload of 20 MB, whole copies held", 2.0, copies),
    ] {
        let met = if measured <= limit { "met" } else { "missed" };
        writeln!(out, "| {goal} | {limit:.2} | {measured:.2} | {met} |")?;
    }
    Ok(())
}

fn memory(out: &mut String, figures: &Figures) -> fmt::Result {
    let memory = |name: &str| figures.memory[name].as_f64().unwrap();
    let upload = |name: &str| figures.upload[name].as_f64().unwrap();
    writeln!(out, "| size and memory | |\n|---|---:|")?;
    writeln!(out, "| the component | {} KB |", figures.component_size / 1000)?;
    writeln!(out, "| compiled ahead (`.cwasm`) | {} KB |", figures.compiled_size / 1000)?;
    writeln!(
        out,
        "| a host with the component compiled, no instance | {:.0} MB |",
        memory("host")
    )?;
    writeln!(out, "| each of 1000 idle instances | {:.0} KiB |", memory("idle"))?;
    writeln!(out, "| each of 1000 used instances | {:.0} KiB |", memory("used"))?;
    for (name, thousands) in
        [("reused", &figures.endured_reused), ("fresh", &figures.endured_fresh)]
    {
        let memory = |thousand: usize| thousands[thousand]["memory"].as_f64().unwrap();
        writeln!(
            out,
            "| a process after 1,000 and after 10,000 calls, {name} | {:.1} and {:.1} MB |",
            memory(0),
            memory(9)
        )?;
    }
    writeln!(
        out,
        "| an upload of 20 MB, at its peak, beyond the caller's own copy | {:.1} MB |",
        upload("peak")
    )?;
    writeln!(out, "| the time of that upload | {:.0} ms |", upload("seconds") * 1e3)
}

fn crowds(out: &mut String, figures: &Figures) -> fmt::Result {
    writeln!(
        out,
        "| in flight | native, calls/s | reused, calls/s | ÷ native | CPU, × native | fresh, calls/s | ÷ native | CPU, × native \
         | memory, reused | tokens fetched, reused | fresh |"
    )?;
    writeln!(out, "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for Crowd { in_flight, series, memory, tokens } in &figures.crowds {
        let [native, reused, fresh] = &series[..] else { panic!("{} contestants", series.len()) };
        let per_second = |of: &Series| 1e6 / Spread::of(&of.wall).median;
        let share = |of: &Series| Spread::of_ratio(&native.wall, &of.wall).median;
        let cpu = |of: &Series| Spread::of_ratio(&of.cpu, &native.cpu).median;
        writeln!(
            out,
            "| {in_flight} | {:.0} | {:.0} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} | {:.1} MB | {} | {} |",
            per_second(native),
            per_second(reused),
            share(reused),
            cpu(reused),
            per_second(fresh),
            share(fresh),
            cpu(fresh),
            memory / 1e6,
            tokens[1],
            tokens[2],
        )?;
    }
    let (first, last) = (&figures.crowds[0], &figures.crowds[figures.crowds.len() - 1]);
    let more = f64::from(last.in_flight - first.in_flight);
    writeln!(
        out,
        "\nEach further instance in flight takes {:.0} KiB, with its connection.",
        (last.memory - first.memory) / 1024.0 / more
    )
}
