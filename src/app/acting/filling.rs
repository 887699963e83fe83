//! The form of one operation on one object or on several, with its forecast and its confirmation.

use gantry_wire::act::Expect;
use gantry_wire::operation::{Operation, Version};

use crate::action::forecast::{Forecast, Tone, World, forecast};
use crate::action::form::{Form, Kind, Object, Value};
use crate::action::guard::Guard;
use crate::action::words::{Danger, danger, name_of, summary};
use crate::app::facts::Facts;
use crate::app::line::LineEdit;
use crate::app::{Effect, State, runbooks};
use crate::input::{Key, KeyCode};
use crate::model::{Cluster, Time};

use super::frame::Frame;
use super::{Open, asking, shape};

/// What has just changed on the screen cannot have been read: so many milliseconds nothing is confirmed.
pub const READ: u64 = 700;

/// A form as it is filled in.
#[derive(Clone, Debug)]
pub struct Filling {
    /// Which operation.
    pub kind: Kind,
    /// One for each object, with the same fields; there is at least one.
    pub forms: Vec<Form>,
    /// Objects to which it cannot be done, and why.
    pub left_out: Vec<(String, String)>,
    /// Forms that cannot be filled in as the first one is now, and why: they come back when they can.
    pub apart: Vec<(Form, String)>,
    /// Where keys go.
    pub spot: Spot,
    /// Why it is done.
    pub reason: LineEdit,
    /// What is typed to confirm it.
    pub typed: LineEdit,
    /// What comes of the forms, one each; empty while a field is wrong.
    pub operations: Vec<Operation>,
    /// What would come of it.
    pub forecast: Forecast,
    /// What is wrong with a field.
    pub wrong: Option<String>,
    /// What was typed into a field and cannot be taken: the field stays as it was until that is mended.
    not_taken: Option<(usize, String)>,
    /// Why it may not be asked for.
    pub denied: Option<String>,
    /// Lines by which the forecast is scrolled.
    pub scroll: usize,
    /// The line that is typed in a field, for those that are typed.
    pub line: LineEdit,
    /// Ganeti's, for the command lines.
    pub version: Option<Version>,
    /// What the forecast was made of.
    made: Option<Made>,
    /// The cluster's shape and the second of which the operations were made; none once a field was changed.
    built: Option<(u64, u64)>,
    /// What the operator sees of each object.
    pub(super) expects: Vec<Expect>,
    /// That became another while the form was open.
    pub changed: bool,
    /// Since when it says what it says.
    shown: Time,
    /// Nodes that the operator has said to be powered off.
    pub(super) stated: Vec<String>,
    /// The step of a runbook that it is.
    pub frame: Option<Frame>,
}

/// What a forecast was made of. On large clusters it takes milliseconds: not with every key and report.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    operations: Vec<Operation>,
    shape: u64,
    facts: u64,
    second: u64,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// To the confirmation.
    Confirm,
    /// To a field.
    Field(usize),
    /// To the reason.
    Reason,
}

/// What has to be done to confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Enter is pressed.
    Enter,
    /// `y` is pressed.
    Yes,
    /// This is typed.
    Type(String),
    /// It cannot be confirmed, and why.
    Not(String),
}

impl Filling {
    /// A form with all defaults, for one object or more.
    ///
    /// # Errors
    /// Why it can be done to none of them.
    pub fn new(
        kind: Kind,
        objects: &[Object],
        cluster: &Cluster,
        reason: &str,
    ) -> Result<Filling, String> {
        let (mut forms, mut left_out) = (Vec::new(), Vec::new());
        for object in objects {
            match super::form(kind, object, cluster) {
                Ok(form) => forms.push(form),
                Err(why) => left_out.push((object.name(), why)),
            }
        }
        if forms.is_empty() {
            let first = left_out.into_iter().next();
            return Err(first.map_or_else(|| "there is nothing to do".to_owned(), |it| it.1));
        }
        let mut line = LineEdit::default();
        line.set(reason);
        let mut filling = Filling {
            kind,
            forms,
            left_out,
            apart: Vec::new(),
            spot: Spot::Confirm,
            reason: line,
            typed: LineEdit::default(),
            operations: Vec::new(),
            forecast: Forecast::default(),
            wrong: None,
            not_taken: None,
            denied: None,
            scroll: 0,
            line: LineEdit::default(),
            version: None,
            made: None,
            built: None,
            expects: Vec::new(),
            changed: false,
            shown: cluster.now.at,
            stated: Vec::new(),
            frame: None,
        };
        filling.build(cluster);
        filling.expects = filling.seen(cluster);
        Ok(filling)
    }

    /// Sets parameters.
    ///
    /// # Errors
    /// The first that cannot be set so.
    pub fn fill(&mut self, fields: &[(String, String)], cluster: &Cluster) -> Result<(), String> {
        for (name, value) in fields {
            for form in &mut self.forms {
                form.set(name, value).map_err(|wrong| wrong.to_string())?;
            }
        }
        self.build(cluster);
        Ok(())
    }

    /// The fields, as the first form has them.
    pub fn fields(&self) -> &[crate::action::form::Field] {
        self.forms.first().map_or(&[], |form| &form.fields)
    }

    /// What is done to whom.
    pub fn title(&self) -> String {
        let what = match self.operations.as_slice() {
            [] => self.kind.name().to_owned(),
            operations => summary(operations),
        };
        match &self.frame {
            Some(frame) => format!("{}: {what}", frame.place),
            None => what,
        }
    }

    fn seen(&self, cluster: &Cluster) -> Vec<Expect> {
        self.forms.iter().map(|form| form.expect(cluster)).collect()
    }

    /// Fills all forms in as the first one, and makes operations of them.
    pub(super) fn build(&mut self, cluster: &Cluster) {
        let built = self.built(cluster);
        let reason = gantry_wire::act::reason(self.reason.text().trim());
        let reason = reason.map_err(|wrong| wrong.to_string());
        (self.operations, self.wrong) = match (built, reason) {
            (Ok(operations), Ok(())) => (operations, None),
            (Ok(operations), Err(wrong)) => (operations, Some(wrong)),
            (Err(wrong), _) => (Vec::new(), Some(wrong)),
        };
    }

    fn built(&mut self, cluster: &Cluster) -> Result<Vec<Operation>, String> {
        if let Some((_, wrong)) = &self.not_taken {
            return Err(wrong.clone());
        }
        let back = std::mem::take(&mut self.apart).into_iter();
        self.forms.extend(back.map(|(form, _)| form));
        let mut forms = std::mem::take(&mut self.forms).into_iter();
        if let Some(first) = forms.next() {
            let mut together = vec![first.clone()];
            for form in forms {
                match first.for_another(form.subject.clone(), cluster) {
                    Ok(form) => together.push(form),
                    Err(why) => self.apart.push((form, why)),
                }
            }
            self.forms = together;
        }
        self.preset_others();
        let operations = self.forms.iter().map(Form::operation);
        operations
            .collect::<Result<_, _>>()
            .map_err(|wrong| wrong.to_string())
    }

    /// Brings it up to date, and notes when what it says has changed: what was typed for something else confirms nothing.
    pub fn refresh(&mut self, guard: &Guard, cluster: &Cluster, facts: &Facts) {
        let (before, expected) = (self.outlook(), self.expects.clone());
        // Of hundreds of objects this takes milliseconds: not with every report.
        let now = (cluster.shape, cluster.now.at.0 / 1_000);
        if self.built != Some(now) {
            self.build(cluster);
            self.built = Some(now);
            self.expects = self.seen(cluster);
            // Some that take part again, or no more, are no change of what they are.
            self.changed |= self.expects.len() == expected.len() && self.expects != expected;
        }
        let permit = |it: &Operation| guard.asked_for(it, cluster).permit(it);
        let denied = self.operations.iter().find_map(|it| permit(it).err());
        self.denied = denied.map(|it| it.to_string());
        self.look_ahead(cluster, facts);
        let same_objects = self.expects == expected;
        if !same_objects || self.outlook() != before {
            self.shown = cluster.now.at;
            self.typed = LineEdit::default();
        }
    }

    /// Makes the forecast anew, if anything that it rests on is new.
    fn look_ahead(&mut self, cluster: &Cluster, facts: &Facts) {
        let conf = cluster.conf.as_ref();
        self.version = conf.and_then(|conf| Version::parse(&conf.software_version));
        let made = Made {
            operations: self.operations.clone(),
            shape: cluster.shape,
            facts: facts.revision,
            second: cluster.now.at.0 / 1_000,
        };
        if self.made.as_ref() == Some(&made) {
            return;
        }
        self.made = Some(made);
        let world = World {
            cluster,
            present: facts.present(),
            pairs: &facts.pairs,
        };
        self.forecast = forecast(&self.operations, &world);
        if self.leave_out() {
            self.build(cluster);
            self.expects = self.seen(cluster);
            self.forecast = forecast(&self.operations, &world);
        }
    }

    /// What matters of what is said: ages and figures may move without it.
    fn outlook(&self) -> (Confirm, Vec<(String, Tone)>) {
        let lines = self.forecast.lines.iter();
        let lines = lines.map(|line| (line.label.clone(), line.tone));
        (self.confirm(), lines.collect())
    }

    /// Leaves out of several those that cannot be done or would do nothing; says whether there are any.
    fn leave_out(&mut self) -> bool {
        let told = &self.forecast;
        let out: Vec<(usize, String)> = told.refusals.iter().chain(&told.idle).cloned().collect();
        let stay = |at: usize| !out.iter().any(|(gone, _)| *gone == at);
        if out.is_empty() || !(0..self.forms.len()).any(stay) {
            return false;
        }
        let forms = std::mem::take(&mut self.forms).into_iter().enumerate();
        for (at, form) in forms {
            match out.iter().find(|(gone, _)| *gone == at) {
                Some((_, why)) => self.left_out.push((form.subject.name(), why.clone())),
                None => self.forms.push(form),
            }
        }
        true
    }

    /// What has to be done to confirm it.
    pub fn confirm(&self) -> Confirm {
        let not = self.wrong.as_ref().or(self.denied.as_ref());
        if let Some(why) = not.or(self.forecast.refused.as_ref()) {
            return Confirm::Not(why.clone());
        }
        if self.operations.is_empty() {
            return Confirm::Not("there is nothing to do".to_owned());
        }
        // Silence is no proof of death: whoever goes on says that it is.
        if let Some(node) = self.unstated().next() {
            return Confirm::Type(format!("{node} is powered off"));
        }
        match (self.danger(), self.operations.as_slice()) {
            (Danger::Harmless, _) => Confirm::Enter,
            (Danger::Disruptive, _) => Confirm::Yes,
            (Danger::Destructive, [one]) => Confirm::Type(name_of(one)),
            (Danger::Destructive, many) => Confirm::Type(many.len().to_string()),
        }
    }

    /// How loud it is, once it has been said of each node in question that it is off.
    fn danger(&self) -> Danger {
        let own = self.operations.iter().map(danger).max();
        match self.forecast.loses_data {
            true => Danger::Destructive,
            false => own.unwrap_or(Danger::Harmless),
        }
    }

    /// Nodes of which the operator has yet to say that they are powered off.
    fn unstated(&self) -> impl Iterator<Item = &String> {
        let wanted = self.frame.iter().filter_map(|frame| frame.proof.as_ref());
        let nodes = wanted.chain(&self.forecast.unproven);
        nodes.filter(|node| !self.stated.contains(node))
    }

    /// What was typed is what has to be typed; a short name will do where it is shown.
    fn is_typed(&self, wanted: &str, state: &State) -> bool {
        let typed = self.typed.text();
        let typed = typed.trim();
        typed == wanted || typed == state.facts.names.shorten(wanted)
    }

    /// It can be confirmed by this key now.
    fn is_confirmed_by(&self, key: Key, state: &State, now: Time) -> bool {
        let plain = !key.ctrl && !key.alt;
        let by_key = match self.confirm() {
            Confirm::Enter => key.code == KeyCode::Enter,
            Confirm::Yes => matches!(key.code, KeyCode::Char('y' | 'Y')) && plain,
            Confirm::Type(wanted) => key.code == KeyCode::Enter && self.is_typed(&wanted, state),
            Confirm::Not(_) => false,
        };
        by_key && !self.is_new(now) && shape(self, state).is_read()
    }

    /// Something is to be typed, and the screen says so.
    fn takes_typing(&self, state: &State) -> bool {
        matches!(self.confirm(), Confirm::Type(_)) && shape(self, state).is_read()
    }

    /// It has just begun to say what it says: nobody can have read it.
    pub fn is_new(&self, now: Time) -> bool {
        now.since(self.shown) < READ
    }

    /// Goes to the next spot, or back.
    fn turn(&mut self, by: isize) {
        let fields = self.fields().len();
        let count = fields as isize + 2;
        let at = match self.spot {
            Spot::Field(at) => at as isize,
            Spot::Reason => fields as isize,
            Spot::Confirm => fields as isize + 1,
        };
        let at = (at + by).rem_euclid(count) as usize;
        self.spot = match at {
            at if at < fields => Spot::Field(at),
            at if at == fields => Spot::Reason,
            _ => Spot::Confirm,
        };
        let typed = match self.spot {
            Spot::Field(at) => self.fields().get(at).map(|field| text(&field.value)),
            _ => None,
        };
        self.line.set(&typed.flatten().unwrap_or_default());
    }

    /// Takes a key for a field.
    fn press(&mut self, at: usize, key: Key) {
        let Some(field) = self.fields().get(at) else {
            return;
        };
        let mut value = field.value.clone();
        let forward = match key.code {
            KeyCode::Left => Some(false),
            KeyCode::Right | KeyCode::Char(' ') => Some(true),
            _ => None,
        };
        match (&mut value, forward) {
            (Value::Flag(flag), Some(_)) => *flag = !*flag,
            (Value::Flag(flag), None) => match key.code {
                KeyCode::Char('y') => *flag = true,
                KeyCode::Char('n') => *flag = false,
                _ => return,
            },
            (Value::Pick { options, at }, Some(forward)) => {
                let count = options.len().max(1);
                *at = (*at + if forward { 1 } else { count - 1 }) % count;
            }
            (Value::Pick { .. }, None) => return,
            (Value::Text(_) | Value::Number(_), _) => {
                self.line.press(key);
                return self.typed_into(at);
            }
        }
        self.set(at, &value);
    }

    /// Takes over what was typed. What is no number yet leaves the field as it was, and the form says so.
    fn typed_into(&mut self, at: usize) {
        let text = self.line.text();
        let name = self.fields().get(at).map(|field| field.name);
        let (Some(name), Some(first)) = (name, self.forms.first_mut()) else {
            return;
        };
        match first.set(name, &text) {
            Ok(()) => self.not_taken = self.not_taken.take().filter(|(of, _)| *of != at),
            Err(wrong) => self.not_taken = Some((at, wrong.to_string())),
        }
        self.typed = LineEdit::default();
    }

    fn set(&mut self, at: usize, value: &Value) {
        let first = self.forms.first_mut();
        if let Some(field) = first.and_then(|form| form.fields.get_mut(at)) {
            field.value = value.clone();
        }
        // What was typed to confirm something else does not confirm this.
        self.typed = LineEdit::default();
    }

    /// Takes pasted text where something is typed.
    pub fn paste(&mut self, text: &str) {
        self.built = None;
        match self.spot {
            Spot::Reason => self.reason.insert(text),
            // What confirms is typed by hand.
            Spot::Confirm => {}
            Spot::Field(at) => {
                self.line.insert(text);
                if self
                    .fields()
                    .get(at)
                    .is_some_and(|it| self::text(&it.value).is_some())
                {
                    self.typed_into(at);
                }
            }
        }
    }
}

/// The text of a field that is typed.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Number(number) => Some(number.map(|it| it.to_string()).unwrap_or_default()),
        Value::Flag(_) | Value::Pick { .. } => None,
    }
}

/// Takes a key.
pub fn key(state: &mut State, cluster: &Cluster, mut form: Box<Filling>, key: Key) -> Vec<Effect> {
    if key.code == KeyCode::Esc || key == Key::ctrl('c') {
        if let Some(frame) = &form.frame {
            runbooks::aside(state, frame);
        }
        return Vec::new();
    }
    if form.spot == Spot::Confirm && form.is_confirmed_by(key, state, cluster.now.at) {
        let node = form.unstated().next().cloned();
        let by_statement = node.is_some();
        if let Some(node) = node {
            form.stated.push(node);
            form.typed = LineEdit::default();
        }
        // Of several each is said; and what else is lost is confirmed by itself.
        let said_all = form.unstated().next().is_none();
        if said_all && (!by_statement || form.danger() < Danger::Destructive) {
            return asking::submit(state, cluster, *form);
        }
        state.acting.open = Some(Open::Form(form));
        return Vec::new();
    }
    match (key.code, form.spot) {
        (KeyCode::Tab, _) if key.shift => form.turn(-1),
        (KeyCode::Up, _) => form.turn(-1),
        (KeyCode::Tab | KeyCode::Down, _) => form.turn(1),
        (KeyCode::PageDown, _) => form.scroll = shape(&form, state).down(form.scroll),
        (KeyCode::PageUp, _) => form.scroll = shape(&form, state).up(form.scroll),
        // Enter in a field goes on; it never confirms.
        (KeyCode::Enter, Spot::Field(_) | Spot::Reason) => form.turn(1),
        (_, Spot::Field(at)) => form.press(at, key),
        (_, Spot::Reason) => {
            form.reason.press(key);
        }
        (_, Spot::Confirm) => {
            if form.takes_typing(state) {
                form.typed.press(key);
            }
        }
    }
    form.built = None;
    state.acting.open = Some(Open::Form(form));
    Vec::new()
}
