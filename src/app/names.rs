//! Names short where that is unique: without the domain that the nodes have in common.

use std::collections::HashMap;

use crate::model::Cluster;

/// How names are shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// `.example.com`; empty if nothing is cut off.
    domain: String,
    /// UUIDs of groups, which some opcodes name them by, and their names.
    groups: Vec<(String, String)>,
}

impl Names {
    /// Finds the domain that most nodes are in; none if a name would become another's.
    pub fn of(cluster: &Cluster) -> Names {
        let groups = cluster.groups.values();
        let groups = groups.map(|group| (group.uuid.clone(), group.name.clone()));
        Names {
            domain: domain(cluster).unwrap_or_default().to_owned(),
            groups: groups.filter(|(uuid, _)| !uuid.is_empty()).collect(),
        }
    }

    /// The name as it is shown.
    pub fn short<'a>(&self, name: &'a str) -> &'a str {
        match name.strip_suffix(self.domain.as_str()) {
            Some(short) if !short.is_empty() => short,
            _ => name,
        }
    }

    /// A sentence with the names in it as they are shown.
    pub fn shorten(&self, text: &str) -> String {
        let mut out = self.without_domain(text);
        for (uuid, name) in &self.groups {
            if out.contains(uuid) {
                out = out.replace(uuid, name);
            }
        }
        out
    }

    fn without_domain(&self, text: &str) -> String {
        if self.domain.is_empty() {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(&self.domain) {
            let (before, after) = (&rest[..at], &rest[at + self.domain.len()..]);
            out.push_str(before);
            let in_name = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
            let follows_name = before.ends_with(|c: char| c.is_alphanumeric());
            let ends = !after.starts_with(in_name)
                || after.starts_with('.') && !after[1..].starts_with(in_name);
            if !(follows_name && ends) {
                out.push_str(&self.domain);
            }
            rest = after;
        }
        out + rest
    }
}

/// The domain that most nodes are in; none if a name without it would be another's.
fn domain(cluster: &Cluster) -> Option<&str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in cluster.nodes.keys() {
        if let Some(dot) = name.find('.') {
            *counts.entry(&name[dot..]).or_default() += 1;
        }
    }
    let most = counts
        .into_iter()
        .max_by_key(|(domain, count)| (*count, *domain));
    let (domain, _) = most?;
    let known =
        |name: &str| cluster.nodes.contains_key(name) || cluster.instances.contains_key(name);
    let mut names = cluster.nodes.keys().chain(cluster.instances.keys());
    let clash = names.any(|name| {
        let short = name.strip_suffix(domain);
        short.is_some_and(|short| short.is_empty() || known(short))
    });
    (!clash).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reach;

    fn names(nodes: &[&str]) -> Names {
        let mut cluster = Cluster::new("x");
        nodes
            .iter()
            .for_each(|name| cluster.linked(name, Reach::Idle));
        Names::of(&cluster)
    }

    #[test]
    fn the_common_domain_is_cut_off_where_that_is_unique() {
        let short = names(&[
            "node1.example.com",
            "node2.example.com",
            "other.example.org",
        ]);
        assert_eq!(short.short("node1.example.com"), "node1");
        assert_eq!(short.short("other.example.org"), "other.example.org");
        assert_eq!(names(&["a.x", "b.x", "a"]).short("a.x"), "a.x");
        assert_eq!(Names::default().short("a.x"), "a.x");
    }

    #[test]
    fn groups_are_named() {
        let mut cluster = Cluster::new("x");
        let group = gantry_wire::config::Group {
            name: "rack1".into(),
            uuid: "a50c0da4-3d38".into(),
            ..Default::default()
        };
        cluster.groups.insert("rack1".into(), group);
        let text = Names::of(&cluster).shorten("GROUP_VERIFY_DISKS(a50c0da4-3d38)");
        assert_eq!(text, "GROUP_VERIFY_DISKS(rack1)");
    }

    #[test]
    fn sentences_are_shortened_too() {
        let short = names(&["node1.example.com", "node2.example.com"]);
        for (text, shown) in [
            ("node1.example.com: clock off", "node1: clock off"),
            ("on node2.example.com.", "on node2."),
            (
                "node1.example.com.au is not ours",
                "node1.example.com.au is not ours",
            ),
            ("the domain .example.com", "the domain .example.com"),
        ] {
            assert_eq!(short.shorten(text), shown);
        }
    }
}
