//! The tag that tells everybody that a runbook is under way, and how far it has got: `gantry:run:ID:STEP`.

use crate::action::form::Object;
use crate::model::{Cluster, natural};

use super::book::Book;
use super::step::Step;

/// What every such tag begins with.
const PREFIX: &str = "gantry:run:";

/// A runbook that is under way, as its tag has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its id: the runbook's name and a number.
    pub id: String,
    /// Which runbook.
    pub book: Book,
    /// The step that it has got to, by its place.
    pub at: usize,
    /// What it is about.
    pub subject: Object,
}

impl Mark {
    /// The step that it has got to.
    pub fn step(&self) -> Option<Step> {
        self.book.steps().get(self.at).copied()
    }
}

/// The tag of a runbook at a step.
pub fn tag(id: &str, step: Step) -> String {
    format!("{PREFIX}{id}:{}", step.name())
}

/// What a tag says: the id, the runbook and the place of the step; nothing if it is not one of these.
fn read(tag: &str) -> Option<(&str, Book, usize)> {
    let (id, step) = tag.strip_prefix(PREFIX)?.split_once(':')?;
    let (name, number) = id.rsplit_once('-')?;
    let book = Book::named(name)?;
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let fits = (1..=16).contains(&number.len()) && number.bytes().all(digit);
    let at = book.steps().iter().position(|it| it.name() == step)?;
    fits.then_some((id, book, at))
}

/// The tags of these that an object has.
pub(super) fn tags_of<'a>(
    subject: &Object,
    id: &'a str,
    cluster: &'a Cluster,
) -> impl Iterator<Item = &'a String> {
    let tags = match subject {
        Object::Node(name) => {
            let conf = cluster.nodes.get(name).and_then(|node| node.conf.as_ref());
            conf.map(|conf| conf.tags.as_slice())
        }
        Object::Instance(name) => {
            let instance = cluster.instances.get(name);
            instance.map(|instance| instance.conf.tags.as_slice())
        }
        _ => None,
    };
    let own = move |tag: &&String| read(tag).is_some_and(|(of, _, _)| of == id);
    tags.unwrap_or_default().iter().filter(own)
}

/// All that are under way by their tags, by whomever, one each: how far it has got at most.
pub fn marks(cluster: &Cluster) -> Vec<Mark> {
    let nodes = cluster.nodes.values().filter_map(|node| {
        let tags = &node.conf.as_ref()?.tags;
        Some((Object::Node(node.name.clone()), tags))
    });
    let instances = cluster.instances.values();
    let instances = instances.map(|it| (Object::Instance(it.name.clone()), &it.conf.tags));
    let mut marks: Vec<Mark> = Vec::new();
    for (subject, tags) in nodes.chain(instances) {
        for (id, book, at) in tags.iter().filter_map(|tag| read(tag)) {
            let known = marks
                .iter_mut()
                .find(|it| it.id == id && it.subject == subject);
            match known {
                Some(mark) => mark.at = mark.at.max(at),
                None => marks.push(Mark {
                    id: id.to_owned(),
                    book,
                    at,
                    subject: subject.clone(),
                }),
            }
        }
    }
    marks.sort_by(|a, b| {
        let by_name = natural::compare(&a.subject.name(), &b.subject.name());
        by_name.then_with(|| a.id.cmp(&b.id))
    });
    marks
}
