//! The console: what comes in becomes messages, the screen's state becomes frames.

use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::links::Links;
use super::list::printable;
use super::once::{fold, now};
use super::prompt;
use super::records;
use super::store::{Store, Stored};
use super::think::Thinker;
use super::through::{End, Tails};
use super::whoami;
use crate::action::form::is_short_for;
use crate::action::guard::Request;
use crate::action::runbook::Note;
use crate::app::affairs::{Affair, Affairs};
use crate::app::console;
use crate::app::runbooks::Runbooks;
use crate::app::{Effect, Mouse, MouseKind, Msg, State, update};
use crate::config::{Desktop, Invocation, NotifyBy, Settings};
use crate::input::Keymap;
use crate::link::ask::AskId;
use crate::link::inbox::{Event as News, Inbox};
use crate::model::{Cluster, Reach};
use crate::planner::think::Thought;
use crate::term::{self, Button, Drawn, Event, guard};
use crate::theme::{Depth, Glyphs, Theme};
use crate::view;

/// Facts draw at most this often; keys draw at once.
pub(super) const PACE: Duration = Duration::from_millis(100);

/// From one draw that only ages ask for to the next.
const CALM: Duration = Duration::from_secs(5);

/// The same while something on the screen counts down.
const COUNTING: Duration = Duration::from_secs(1);

/// The same while a form has just opened.
const MOMENT: Duration = Duration::from_millis(200);

/// How the screen shall look and be steered.
pub struct Look {
    pub theme: Theme,
    pub keymap: Keymap,
    /// Nothing is changed from here.
    pub read_only: bool,
    notify: NotifyBy,
    /// Something is kept with the operator's data.
    keeps: bool,
    depth: Depth,
    term: String,
    /// Only the console of this instance is wanted.
    pub only: Option<String>,
}

impl Look {
    /// From flags, file and environment.
    ///
    /// # Errors
    /// Names the file, line and key that are wrong.
    pub fn new(invocation: &Invocation, settings: &Settings) -> Result<Look, String> {
        let variable = |name: &str| std::env::var(name).ok();
        let depth = Depth::from_env(variable);
        let glyphs = Glyphs::from_env(variable);
        let named = invocation.theme.as_deref().or(settings.theme.as_deref());
        let theme = match named {
            None => Theme::builtin(depth, glyphs),
            Some(name) if name.contains('/') || name.ends_with(".toml") => {
                let text = std::fs::read_to_string(Path::new(name))
                    .map_err(|error| format!("theme {name}: {error}"))?;
                Theme::read(&text, name, depth, glyphs).map_err(|error| error.to_string())?
            }
            Some(name) => Theme::named(name, depth, glyphs).ok_or_else(|| {
                let names: Vec<&str> = Theme::names().collect();
                format!(
                    "there is no theme {name:?}: one of {}, or the path of a file",
                    names.join(", ")
                )
            })?,
        };
        let changes = settings
            .keys
            .iter()
            .map(|(name, chords)| (name.as_str(), chords.as_slice()));
        let keymap = Keymap::with_changes(changes).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            format!("{}: keys: {}", settings.file.display(), errors.join("; "))
        })?;
        Ok(Look {
            theme,
            keymap,
            read_only: invocation.read_only,
            notify: settings.notify,
            keeps: true,
            depth,
            term: variable("TERM").unwrap_or_default(),
            only: None,
        })
    }
}

impl Look {
    /// Of a cluster that is not there the next time nothing is worth being kept.
    pub fn without_keeping(self) -> Look {
        Look {
            keeps: false,
            ..self
        }
    }
}

/// Shows a cluster until the operator leaves. Returns the exit status.
///
/// # Errors
/// If there is no terminal to show it on.
pub async fn run(
    links: Links,
    destination: &str,
    look: Look,
    log: Option<&Path>,
) -> Result<u8, String> {
    let stop = Arc::new(Notify::new());
    guard::install_panic_hook(log.map(Path::to_owned), {
        let stop = stop.clone();
        move || stop.notify_one()
    });
    let (screen, events) =
        term::Screen::open(&look.term, look.depth, true).map_err(|error| error.to_string())?;
    let size = screen.size();
    let mut live = Live {
        cluster: Cluster::new(destination),
        state: State::new(look.keymap, (size.width, size.height)),
        theme: look.theme,
        links,
        thinker: Thinker::new(),
        store: match look.keeps {
            true => Store::new(),
            false => Store::nowhere(),
        },
        notify: look.notify,
        screen,
        events,
        asked: Vec::new(),
        term: look.term,
        wanted: None,
        tails: Tails::default(),
        only: look.only.map(Only::new),
        records: records::place(|name| std::env::var_os(name).map(PathBuf::from)),
        leaving: false,
    };
    live.state.affairs = Affairs::new(whoami::random()?);
    if let Some(place) = &live.records {
        live.state.runbooks = Runbooks::with_past(records::read(place));
    }
    live.state.acting.read_only = look.read_only;
    live.state.acting.operator = whoami::operator();
    live.cluster.tick(now(live.links.clock));
    let signals = Signals::new().map_err(|error| format!("signals: {error}"))?;
    let ended = live.go_on(signals, stop).await;
    let only = live.only.take();
    let open: Vec<String> = live.state.affairs.open().map(open_end).collect();
    // The terminal is the shell's again before anything is written to it.
    drop(live);
    open.iter().for_each(|text| eprintln!("gantry: {text}"));
    match only {
        Some(only) => only.told(ended),
        None => ended,
    }
}

fn open_end(affair: &Affair) -> String {
    let (title, id) = (printable(&affair.title), &affair.id);
    format!("{title}: asked for, and not known what became of it (id {id} in the job's reason)")
}

/// Everything that the loop holds.
pub(super) struct Live {
    cluster: Cluster,
    state: State,
    theme: Theme,
    pub(super) links: Links,
    thinker: Thinker,
    pub(super) screen: term::Screen,
    pub(super) events: term::Events,
    store: Store,
    notify: NotifyBy,
    /// Questions that are on the screen.
    asked: Vec<AskId>,
    /// The value of `TERM`.
    pub(super) term: String,
    /// A console that is to be opened.
    wanted: Option<Box<Request>>,
    /// What consoles wrote before.
    pub(super) tails: Tails,
    /// One console is wanted and nothing else.
    only: Option<Only>,
    /// Where the records of runbooks are kept.
    records: Option<PathBuf>,
    leaving: bool,
}

/// The one console that `gantry console` is for.
struct Only {
    instance: String,
    since: Instant,
    /// The configuration is known.
    known: bool,
    /// Why it is not open yet.
    why: String,
    end: Option<End>,
}

/// The configuration is waited for so long.
const FOUND: Duration = Duration::from_secs(60);

/// The primary's link and what the guest does are waited for so long after that.
const SETTLED: Duration = Duration::from_secs(8);

impl Only {
    fn new(instance: String) -> Only {
        Only {
            instance,
            since: Instant::now(),
            known: false,
            why: String::new(),
            end: None,
        }
    }

    /// The exit status: as `gantry do` has it.
    fn told(self, ended: Result<u8, String>) -> Result<u8, String> {
        let instance = printable(&self.instance);
        let (words, status) = match self.end {
            None if self.known => (self.why, super::change::Exit::Refused),
            None => (self.why, super::change::Exit::Unreachable),
            Some(End::Refused(why)) => (why, super::change::Exit::Agent),
            Some(End::Left | End::Over(_) | End::Stop) => return ended,
        };
        eprintln!("gantry: no console of {instance}: {}", printable(&words));
        ended.map(|_| status as u8)
    }
}

/// Signals that end the console.
pub(super) struct Signals {
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Waits for one of them.
    pub(super) async fn ended(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }

    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// When the screen is drawn next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Due {
    /// Not before something happens.
    No,
    /// Once the terminal has taken the last frame; it shows the newest state by then.
    Taken,
    /// At this moment.
    At(Instant),
}

impl Live {
    async fn go_on(&mut self, mut signals: Signals, stop: Arc<Notify>) -> Result<u8, String> {
        let mut due = Due::At(Instant::now());
        let mut drawn = Instant::now();
        let mut folded = drawn;
        let mut thought = drawn;
        let mut ticked = drawn;
        while !self.leaving {
            let pause = match self.counts_down() {
                _ if self.state.acting.is_new(self.cluster.now.at) => MOMENT,
                true => COUNTING,
                false => CALM,
            };
            tokio::select! {
                biased;
                () = stop.notified() => return Ok(1),
                () = signals.ended() => return Ok(0),
                event = self.events.next() => {
                    if self.happened(event).await.map_err(gone)? && due != Due::Taken {
                        due = Due::At(Instant::now());
                    }
                }
                () = wait(due, &self.screen) => {
                    drawn = Instant::now();
                    due = match self.draw().map_err(gone)? {
                        Drawn::Busy => Due::Taken,
                        Drawn::Written(_) | Drawn::Unchanged => Due::No,
                    };
                }
                events = next(&self.links.inbox, folded + PACE) => {
                    folded = Instant::now();
                    self.fold_in(events).await;
                    self.look_for_only();
                    if due == Due::No {
                        due = Due::At(drawn + PACE);
                    }
                }
                news = next_thought(&self.thinker, thought + PACE) => {
                    thought = Instant::now();
                    self.tell(Msg::Thought(news)).await;
                    if due == Due::No {
                        due = Due::At(thought);
                    }
                }
                news = self.store.next() => {
                    let msg = match news {
                        Stored::Recalled { cluster, text, place } => {
                            Msg::Recalled { cluster, text, place }
                        }
                        Stored::Failed(why) => Msg::Notice(why),
                    };
                    self.tell(msg).await;
                    if due == Due::No {
                        due = Due::At(drawn + PACE);
                    }
                }
                () = sleep_until(ticked + pause) => {
                    ticked = Instant::now();
                    self.cluster.tick(now(self.links.clock));
                    self.withdraw().await;
                    self.look_for_only();
                    for note in self.links.notes() {
                        self.tell(Msg::Notice(note)).await;
                    }
                    if due == Due::No {
                        self.tell(Msg::Tick).await;
                        due = Due::At(ticked);
                    }
                }
            }
            if let Some(request) = self.wanted.take() {
                let end = self.through(&request, &mut signals, &stop).await;
                let end = end.map_err(gone)?;
                self.leaving |= end == End::Stop;
                if let Some(only) = &mut self.only {
                    only.end = Some(end);
                    self.leaving = true;
                }
                due = Due::At(Instant::now());
            }
        }
        Ok(0)
    }

    /// Takes in what the links told.
    pub(super) async fn fold_in(&mut self, events: Vec<News>) {
        let heard = fold(&mut self.cluster, events, now(self.links.clock));
        for ask in heard.asks {
            self.asked.push(ask.id);
            self.tell(Msg::Asked(prompt::prompt(&ask))).await;
        }
        for acted in heard.acted {
            self.tell(Msg::Acted(acted)).await;
        }
        self.tell(Msg::Data).await;
    }

    /// Opens the only console that is wanted as soon as it can be had.
    fn look_for_only(&mut self) {
        let Some(only) = &mut self.only else { return };
        if only.end.is_some() || self.wanted.is_some() {
            return;
        }
        let known = self.cluster.instances.keys();
        let mut named = known.filter(|name| is_short_for(&only.instance, name));
        let name = match (named.next(), named.next()) {
            (Some(name), None) => name.to_string(),
            _ => only.instance.clone(),
        };
        match console::open(&mut self.state, &self.cluster, &name) {
            Ok(Effect::Console(request)) => self.wanted = Some(request),
            Ok(_) => {}
            Err(why) => only.why = why,
        }
        if !only.known && self.cluster.conf.is_some() {
            (only.known, only.since) = (true, Instant::now());
        }
        let patience = if only.known { SETTLED } else { FOUND };
        self.leaving |= self.wanted.is_none() && only.since.elapsed() > patience;
    }

    /// Takes in what the terminal said; whether it asks for a frame.
    async fn happened(&mut self, event: Event) -> std::io::Result<bool> {
        let repaint = self.screen.notice(&event)?;
        self.cluster.tick(now(self.links.clock));
        let msg = match event {
            Event::Key(key) => Msg::Key(key),
            Event::Paste(text) => Msg::Paste(text),
            Event::Resize(size) => Msg::Resize(size.width, size.height),
            Event::Resumed => {
                let size = self.screen.size();
                Msg::Resize(size.width, size.height)
            }
            Event::Mouse(mouse) => {
                let kind = match mouse.kind {
                    term::MouseKind::Press(Button::Left) => MouseKind::Press,
                    term::MouseKind::WheelUp => MouseKind::ScrollUp,
                    term::MouseKind::WheelDown => MouseKind::ScrollDown,
                    term::MouseKind::Press(_) | term::MouseKind::Release => return Ok(false),
                };
                Msg::Mouse(Mouse {
                    kind,
                    col: mouse.at.x,
                    row: mouse.at.y,
                })
            }
            Event::Raw(_) => return Ok(false),
            Event::FocusGained | Event::FocusLost | Event::Sync(_) => return Ok(repaint),
            Event::Gone => {
                self.leaving = true;
                return Ok(false);
            }
        };
        self.tell(msg).await;
        Ok(true)
    }

    /// Changes the screen's state, and does what that asks for.
    pub(super) async fn tell(&mut self, msg: Msg) {
        for effect in update(&mut self.state, &self.cluster, msg) {
            match effect {
                Effect::Quit => self.leaving = true,
                Effect::Suspend => {
                    // A terminal that cannot be taken back shows up with the next frame.
                    if let Err(error) = self.screen.suspend().await {
                        tracing::error!(%error, "suspend");
                    }
                    self.cluster.tick(now(self.links.clock));
                }
                Effect::Repaint => self.screen.redraw(),
                Effect::Answer { id, answer } => {
                    self.asked.retain(|asked| asked.0 != id);
                    self.links.fleet.answer(AskId(id), prompt::answer(answer));
                }
                Effect::Reconnect(node) => self
                    .links
                    .fleet
                    .reconnect(node.map(|name| name.to_string())),
                Effect::Follow(jobs) => self.links.fleet.follow(jobs),
                Effect::AskLog { job } => self.links.fleet.ask_log(job),
                Effect::Think(task) => self.thinker.think(task),
                Effect::StopThinking => self.thinker.stop(),
                Effect::Act(request) => self.links.fleet.act(request.act().clone()),
                Effect::Console(request) => self.wanted = Some(request),
                Effect::Ring(text) => self.ring(&text),
                Effect::Recall(cluster) => self.store.recall(cluster),
                Effect::Keep { cluster, text } => self.store.keep(cluster, text),
                Effect::Record(note) => self.record(&note),
            }
        }
    }

    /// Tells in the ways that the operator wants that something is over.
    fn ring(&mut self, text: &str) {
        if self.notify.bell {
            self.screen.ring();
        }
        let how = match self.notify.desktop {
            Desktop::No => return,
            Desktop::Osc9 => term::Desktop::Osc9,
            Desktop::Osc777 => term::Desktop::Osc777,
        };
        self.screen.tell_desktop(how, text);
    }

    /// Puts something down in the record of a runbook. That it cannot be kept stops nothing.
    fn record(&mut self, note: &Note) {
        let Some(place) = &self.records else { return };
        if let Err(why) = records::write(place, note) {
            tracing::error!(%why, "record");
            self.state.notice = Some((why, self.cluster.now.at));
        }
    }

    /// Takes questions off the screen whose links are gone.
    async fn withdraw(&mut self) {
        let (open, gone) = self
            .asked
            .iter()
            .partition(|id| self.links.fleet.is_open(**id));
        self.asked = open;
        let gone: Vec<AskId> = gone;
        for id in gone {
            self.tell(Msg::Withdrawn(id.0)).await;
        }
    }

    /// Something on the screen changes every second.
    fn counts_down(&self) -> bool {
        let waits = |reach: &Reach| matches!(reach, Reach::Waiting { .. } | Reach::Connecting(_));
        waits(&self.cluster.first_reach)
            || self.cluster.nodes.values().any(|node| waits(&node.reach))
    }

    fn draw(&mut self) -> std::io::Result<Drawn> {
        if guard::panicked() {
            return Ok(Drawn::Unchanged);
        }
        let Live {
            screen,
            state,
            cluster,
            theme,
            ..
        } = self;
        screen.draw(|buffer| view::draw(state, cluster, theme, buffer))
    }
}

/// What the links tell, but not before a moment: what comes meanwhile is folded in one go.
pub(super) async fn next(inbox: &Inbox, not_before: Instant) -> Vec<News> {
    sleep_until(not_before).await;
    inbox.recv().await
}

/// The same of what is thought about.
async fn next_thought(thinker: &Thinker, not_before: Instant) -> Thought {
    sleep_until(not_before).await;
    thinker.next().await
}

async fn wait(due: Due, screen: &term::Screen) {
    match due {
        Due::Taken => screen.ready().await,
        Due::At(at) => sleep_until(at).await,
        Due::No => pending().await,
    }
}

fn gone(error: std::io::Error) -> String {
    format!("the terminal takes nothing any more: {error}")
}
