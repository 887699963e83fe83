//! What the screen costs in bytes: counts, because machines are noisy.

use gantry::app::{Msg, State, update};
use gantry::input::Keymap;
use gantry::model::time::Now;
use gantry::model::{Cluster, Reach, Time};
use gantry::term::paint::Painter;
use gantry::theme::{Depth, Theme, glyph};
use gantry_demo::sim;
use gantry_wire::Report;
use gantry_wire::config::ConfigPart;
use gantry_wire::report::MasterState;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

const WIDTH: u16 = 200;
const HEIGHT: u16 = 60;

/// A console that looks at a simulated cluster, without a network between.
struct Console {
    sim: sim::Cluster,
    cluster: Cluster,
    state: State,
    theme: Theme,
    painter: Painter,
    ms: u64,
}

impl Console {
    fn new(nodes: usize, instances: usize) -> Console {
        let sim = sim::Cluster::new(sim::Options {
            nodes,
            instances,
            calm: true,
            ..sim::Options::default()
        });
        let size = Size::new(WIDTH, HEIGHT);
        let mut console = Console {
            sim,
            cluster: Cluster::new("demo"),
            state: State::new(Keymap::default(), (WIDTH, HEIGHT)),
            theme: Theme::builtin(Depth::Rgb, &glyph::UNICODE),
            painter: Painter::new(size, Depth::Rgb, true),
            ms: 0,
        };
        console.meet();
        // Until the sparklines are full.
        for _ in 0..150 {
            console.second();
        }
        console
    }

    /// What agents say when a link comes up.
    fn meet(&mut self) {
        self.tell_time();
        let sim = &self.sim;
        let names: Vec<String> = sim.nodes.iter().map(|node| node.name.clone()).collect();
        let master = names[sim.master()].clone();
        for name in &names {
            self.cluster.linked(name, Reach::Up { since: Time(0) });
            let ssconf = Box::new(sim.ssconf());
            self.cluster.report(name, Report::Ssconf(ssconf));
        }
        self.cluster
            .report(&master, Report::Master(MasterState::Serving));
        let nodes = sim.nodes.iter().enumerate();
        let part = ConfigPart {
            whole: true,
            last: true,
            cluster: Some(Box::new(sim.cluster_facts())),
            groups: sim
                .groups
                .iter()
                .map(|group| sim.group_facts(group))
                .collect(),
            nodes: nodes.map(|(id, node)| sim.node_facts(id, node)).collect(),
            instances: sim
                .instances
                .values()
                .map(|i| sim.instance_facts(i))
                .collect(),
            ..ConfigPart::default()
        };
        self.cluster.report(&master, Report::Config(Box::new(part)));
    }

    fn tell_time(&mut self) {
        self.cluster.tick(Now {
            at: Time(self.ms),
            wall: self.sim.now as f64 / 1e3,
        });
    }

    /// A second goes by, every node sends a sample, and a frame is painted. Gives its bytes.
    fn second(&mut self) -> usize {
        self.ms += 1_000;
        self.sim.advance(self.sim.now + 1_000);
        self.tell_time();
        for id in 0..self.sim.nodes.len() {
            let mut sample = self.sim.sample(id);
            sample.wall_ms = self.sim.now;
            let name = self.sim.nodes[id].name.clone();
            self.cluster.report(&name, Report::Sample(Box::new(sample)));
        }
        update(&mut self.state, &self.cluster, Msg::Data);
        self.paint()
    }

    fn press(&mut self, keys: &str) -> usize {
        for key in keys.split_whitespace() {
            update(
                &mut self.state,
                &self.cluster,
                Msg::Key(key.parse().unwrap()),
            );
        }
        self.paint()
    }

    fn paint(&mut self) -> usize {
        let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
        let cursor = gantry::view::draw(&self.state, &self.cluster, &self.theme, &mut buffer);
        self.painter.paint(&buffer, cursor).len()
    }

    /// Bytes a second over a minute.
    fn rate(&mut self) -> usize {
        (0..60).map(|_| self.second()).sum::<usize>() / 60
    }
}

#[test]
fn a_live_cluster_writes_little() {
    let mut console = Console::new(40, 500);
    for (page, keys) in [("nodes", "1"), ("instances", "2"), ("groups", "3")] {
        console.press(keys);
        let rate = console.rate();
        println!("{page}: {rate} bytes a second");
        assert!(rate <= 1_200, "{page}: {rate} bytes a second");
    }
}

#[test]
fn nothing_new_writes_nothing() {
    let mut console = Console::new(40, 500);
    for keys in ["1", "2", "3", "4", "1 Enter", "Tab"] {
        console.press(keys);
        update(&mut console.state, &console.cluster, Msg::Tick);
        assert_eq!(console.paint(), 0, "after {keys}");
    }
}

#[test]
fn scrolling_a_row_writes_little() {
    let mut console = Console::new(40, 500);
    console.press("2 Ctrl-F");
    let bytes = console.press("j");
    println!("{bytes} bytes");
    assert!(bytes <= 500, "{bytes} bytes");
}
