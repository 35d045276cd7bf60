//! The figures as Markdown, between two markers of the page.

use std::{
    fmt::{self, Write},
    fs,
    path::Path,
};

use serde_json::Value;

use crate::figures::{Figures, Series, Spread, Start};

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
    goals(out, figures)?;

    writeln!(out, "\n### One call at a time\n")?;
    writeln!(out, "Median of {} rounds and the middle half of them.\n", figures.rounds)?;
    writeln!(out, "| | wall, µs | × native | CPU, µs | × native |")?;
    writeln!(out, "|---|---:|---:|---:|---:|")?;
    series(out, &figures.calls, figures.call(Series::NATIVE))?;

    writeln!(out, "\n### One call at a time, the server on the other core\n")?;
    writeln!(out, "| | wall, µs | × native | CPU, µs | × native |")?;
    writeln!(out, "|---|---:|---:|---:|---:|")?;
    series(out, &figures.apart, &figures.apart[0])?;

    writeln!(out, "\n### 32 calls in flight on 2 threads\n")?;
    writeln!(out, "Wall time of all calls by their number.\n")?;
    writeln!(out, "| | wall, µs | × native | CPU, µs | × native |")?;
    writeln!(out, "|---|---:|---:|---:|---:|")?;
    series(out, &figures.waves, &figures.waves[0])?;

    writeln!(out, "\n### From nothing to the first answer\n")?;
    writeln!(out, "A process of its own each time, to its end; the token is given.\n")?;
    writeln!(out, "| | wall, ms | CPU, ms |\n|---|---:|---:|")?;
    for Start { name, wall, cpu } in &figures.starts {
        writeln!(out, "| {name} | {} | {} |", Spread::of(wall), Spread::of(cpu))?;
    }

    writeln!(out, "\n### Memory\n")?;
    let memory = |name: &str| figures.memory[name].as_f64().unwrap();
    let upload = |name: &str| figures.upload[name].as_f64().unwrap();
    writeln!(out, "| | |\n|---|---:|")?;
    writeln!(out, "| the component | {} KB |", figures.component_size / 1000)?;
    writeln!(out, "| compiled ahead (`.cwasm`) | {} KB |", figures.compiled_size / 1000)?;
    writeln!(
        out,
        "| a host with the component compiled, no instance | {:.0} MB |",
        memory("host")
    )?;
    writeln!(out, "| each of 1000 idle instances | {:.0} KiB |", memory("idle"))?;
    writeln!(out, "| each of 1000 used instances | {:.0} KiB |", memory("used"))?;
    writeln!(
        out,
        "| most during an upload of 20 MB, beyond the caller's own copy | {:.1} MB |",
        upload("peak")
    )?;
    writeln!(out, "| time of that upload | {:.0} ms |", upload("seconds") * 1e3)?;

    writeln!(out, "\n### 10,000 calls\n")?;
    writeln!(
        out,
        "| thousand | memory, reused | median call | memory, fresh instances | median call |"
    )?;
    writeln!(out, "|---:|---:|---:|---:|---:|")?;
    let figure = |of: &Value, at: usize, name: &str| of[at][name].as_f64().unwrap();
    for at in [0, 1, 4, 9] {
        let (reused, fresh) = (&figures.endured_reused, &figures.endured_fresh);
        writeln!(
            out,
            "| {} | {:.1} MB | {:.1} µs | {:.1} MB | {:.1} µs |",
            at + 1,
            figure(reused, at, "memory"),
            figure(reused, at, "median"),
            figure(fresh, at, "memory"),
            figure(fresh, at, "median"),
        )?;
    }

    writeln!(out, "\n### Fuel\n")?;
    writeln!(
        out,
        "What each action computes in the component, about one unit an instruction.\n\n```text\n{}```",
        figures.fuel
    )?;

    writeln!(out, "\n### Measured with\n")?;
    for (name, version) in &figures.versions {
        writeln!(out, "- {name}: {version}")?;
    }
    let pinned = if figures.pinned { "on one core" } else { "not pinned to cores" };
    writeln!(out, "- server and callers {pinned}, over loopback")
}

fn series(out: &mut String, all: &[Series], native: &Series) -> fmt::Result {
    for Series { name, wall, cpu } in all {
        writeln!(
            out,
            "| {name} | {} | {} | {} | {} |",
            Spread::of(wall),
            Spread::of_ratio(wall, &native.wall),
            Spread::of(cpu),
            Spread::of_ratio(cpu, &native.cpu)
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
    let start = |these: &str, those: &str| {
        Spread::of_ratio(&figures.start(these).wall, &figures.start(those).wall).median
    };
    // But for 2 MB of pieces on their way; all that is held stands under "Memory".
    let copies = (1.0 + figures.upload["peak"].as_f64().unwrap() / 20.0 - 0.1).ceil();
    writeln!(out, "| goal | at most | measured | |\n|---|---:|---:|---|")?;
    for (goal, limit, measured) in [
        ("reused instance, wall, × floor", 1.15, wall(Series::REUSED, Series::FLOOR)),
        (
            "fresh instance, wall, × floor with a fresh instance",
            1.25,
            wall(Series::FRESH, Series::FLOOR_FRESH),
        ),
        ("reused instance, wall, × native", 2.2, wall(Series::REUSED, Series::NATIVE)),
        ("reused instance, CPU, × wechatpy", 1.0, cpu(Series::REUSED, Series::PYTHON)),
        ("reused instance, CPU, × node-easywechat", 1.0, cpu(Series::REUSED, Series::NODE)),
        ("fresh instance, CPU, × wechatpy", 1.0, cpu(Series::FRESH, Series::PYTHON)),
        ("fresh instance, CPU, × node-easywechat", 1.0, cpu(Series::FRESH, Series::NODE)),
        ("start from `.cwasm`, × wechatpy", 1.0, start(Start::CWASM, Start::PYTHON)),
        ("start from `.cwasm`, × node-easywechat", 1.0, start(Start::CWASM, Start::NODE)),
        ("start from `.wasm`, × wechatpy", 1.0, start(Start::WASM, Start::PYTHON)),
        ("start from `.wasm`, × node-easywechat", 1.0, start(Start::WASM, Start::NODE)),
        ("upload of 20 MB, whole copies held", 2.0, copies),
    ] {
        let met = if measured <= limit { "met" } else { "missed" };
        writeln!(out, "| {goal} | {limit} | {measured:.2} | {met} |")?;
    }
    Ok(())
}
